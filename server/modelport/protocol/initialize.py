"""The result of ``initialize``. Imports nothing, so that the first reply waits for nothing.

Generated from ``protocol/model.json`` by ``protocol/generate.py``; do not edit.
"""

VERSION = "0.1.0"

INITIALIZE_RESULT = (
    b'{"capabilities":{"executeCommandProvider":{"commands":["modelport.provider.list","mo'
    b'delport.provider.discover","modelport.provider.connect","modelport.provider.disconne'
    b'ct","modelport.provider.status","modelport.completion.create","modelport.token.count'
    b'","modelport.embedding.create","modelport.image.create","modelport.moderation.create'
    b'","modelport.credential.set","modelport.credential.delete","modelport.credential.lis'
    b't","modelport.usage.summary","modelport.usage.snapshot","modelport.usage.delta","mod'
    b'elport.usage.history","modelport.usage.credits","modelport.diagnostics.run"]},"exper'
    b'imental":{"modelport":{"protocolVersion":"1.0","methods":["provider/list","provider/'
    b'discover","provider/connect","provider/disconnect","provider/status","completion/cre'
    b'ate","token/count","embedding/create","image/create","moderation/create","credential'
    b'/set","credential/delete","credential/list","usage/summary","usage/snapshot","usage/'
    b'delta","usage/history","usage/credits","diagnostics/run"]}}},"serverInfo":{"name":"m'
    b'odelport","version":"0.1.0"}}'
)
