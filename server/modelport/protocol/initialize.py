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
    b'edential.list","modelport.credential.login","modelport.credential.input","modelport.'
    b'credential.logout","modelport.usage.summary","modelport.usage.snapshot","modelport.u'
    b'sage.delta","modelport.usage.history","modelport.usage.credits","modelport.budget.li'
    b'st","modelport.agent.discover","modelport.diagnostics.run"]},"experimental":{"modelp'
    b'ort":{"protocolVersion":"1.0","methods":["provider/list","provider/discover","provid'
    b'er/connect","provider/disconnect","provider/status","model/list","model/search","mod'
    b'el/pull","model/delete","completion/create","token/count","embedding/create","image/'
    b'create","moderation/create","credential/set","credential/delete","credential/list","'
    b'credential/login","credential/input","credential/logout","usage/summary","usage/snap'
    b'shot","usage/delta","usage/history","usage/credits","budget/list","agent/discover","'
    b'diagnostics/run"]}}},"serverInfo":{"name":"modelport","version":"0.1.0"}}'
)
