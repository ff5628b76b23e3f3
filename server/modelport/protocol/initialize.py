"""The result of ``initialize``. Imports nothing, so that the first reply waits for nothing.

Generated from ``protocol/model.json`` by ``protocol/generate.py``; do not edit.
"""

VERSION = "0.1.0"

INITIALIZE_RESULT = (
    b'{"capabilities":{"executeCommandProvider":{"commands":["modelport.provider.list","mo'
    b'delport.provider.discover","modelport.provider.connect","modelport.provider.disconne'
    b'ct","modelport.provider.status","modelport.completion.create","modelport.credential.'
    b'set","modelport.credential.delete","modelport.credential.list","modelport.usage.summ'
    b'ary","modelport.usage.snapshot","modelport.usage.delta","modelport.usage.history","m'
    b'odelport.diagnostics.run"]},"experimental":{"modelport":{"protocolVersion":"1.0","me'
    b'thods":["provider/list","provider/discover","provider/connect","provider/disconnect"'
    b',"provider/status","completion/create","credential/set","credential/delete","credent'
    b'ial/list","usage/summary","usage/snapshot","usage/delta","usage/history","diagnostic'
    b's/run"]}}},"serverInfo":{"name":"modelport","version":"0.1.0"}}'
)
