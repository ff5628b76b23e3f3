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
    b'edential.list","modelport.credential.test","modelport.credential.login","modelport.c'
    b'redential.input","modelport.credential.logout","modelport.usage.summary","modelport.'
    b'usage.snapshot","modelport.usage.delta","modelport.usage.history","modelport.usage.c'
    b'redits","modelport.budget.list","modelport.agent.discover","modelport.diagnostics.ru'
    b'n"]},"experimental":{"modelport":{"protocolVersion":"1.0","methods":["provider/list"'
    b',"provider/discover","provider/connect","provider/disconnect","provider/status","mod'
    b'el/list","model/search","model/pull","model/delete","completion/create","token/count'
    b'","embedding/create","image/create","moderation/create","credential/set","credential'
    b'/delete","credential/list","credential/test","credential/login","credential/input","'
    b'credential/logout","usage/summary","usage/snapshot","usage/delta","usage/history","u'
    b'sage/credits","budget/list","agent/discover","diagnostics/run"]}}},"serverInfo":{"na'
    b'me":"modelport","version":"0.1.0"}}'
)
