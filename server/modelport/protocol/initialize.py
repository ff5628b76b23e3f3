"""The result of ``initialize``. Imports nothing, so that the first reply waits for nothing.

Generated from ``protocol/model.json`` by ``protocol/generate.py``; do not edit.
"""

VERSION = "0.1.0"

INITIALIZE_RESULT = (
    b'{"capabilities":{"executeCommandProvider":{"commands":["modelport.provider.list","mo'
    b'delport.provider.discover","modelport.provider.connect","modelport.provider.disconne'
    b'ct","modelport.provider.status","modelport.model.list","modelport.model.search","mod'
    b'elport.model.pull","modelport.model.delete","modelport.completion.create","modelport'
    b'.token.count","modelport.embedding.create","modelport.image.create","modelport.moder'
    b'ation.create","modelport.credential.set","modelport.credential.delete","modelport.cr'
    b'edential.list","modelport.usage.summary","modelport.usage.snapshot","modelport.usage'
    b'.delta","modelport.usage.history","modelport.usage.credits","modelport.agent.discove'
    b'r","modelport.diagnostics.run"]},"experimental":{"modelport":{"protocolVersion":"1.0'
    b'","methods":["provider/list","provider/discover","provider/connect","provider/discon'
    b'nect","provider/status","model/list","model/search","model/pull","model/delete","com'
    b'pletion/create","token/count","embedding/create","image/create","moderation/create",'
    b'"credential/set","credential/delete","credential/list","usage/summary","usage/snapsh'
    b'ot","usage/delta","usage/history","usage/credits","agent/discover","diagnostics/run"'
    b']}}},"serverInfo":{"name":"modelport","version":"0.1.0"}}'
)
