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
    b'.delta","modelport.usage.history","modelport.usage.credits","modelport.diagnostics.r'
    b'un"]},"experimental":{"modelport":{"protocolVersion":"1.0","methods":["provider/list'
    b'","provider/discover","provider/connect","provider/disconnect","provider/status","mo'
    b'del/list","model/search","model/pull","model/delete","completion/create","token/coun'
    b't","embedding/create","image/create","moderation/create","credential/set","credentia'
    b'l/delete","credential/list","usage/summary","usage/snapshot","usage/delta","usage/hi'
    b'story","usage/credits","diagnostics/run"]}}},"serverInfo":{"name":"modelport","versi'
    b'on":"0.1.0"}}'
)
