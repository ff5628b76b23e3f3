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
    b'.delta","modelport.usage.history","modelport.usage.credits","modelport.budget.list",'
    b'"modelport.agent.discover","modelport.diagnostics.run"]},"experimental":{"modelport"'
    b':{"protocolVersion":"1.0","methods":["provider/list","provider/discover","provider/c'
    b'onnect","provider/disconnect","provider/status","model/list","model/search","model/p'
    b'ull","model/delete","completion/create","token/count","embedding/create","image/crea'
    b'te","moderation/create","credential/set","credential/delete","credential/list","usag'
    b'e/summary","usage/snapshot","usage/delta","usage/history","usage/credits","budget/li'
    b'st","agent/discover","diagnostics/run"]}}},"serverInfo":{"name":"modelport","version'
    b'":"0.1.0"}}'
)
