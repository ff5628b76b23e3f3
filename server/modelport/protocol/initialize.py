"""The result of ``initialize``. Imports nothing, so that the first reply waits for nothing.

Generated from ``protocol/model.json`` by ``protocol/generate.py``; do not edit.
"""

VERSION = "0.1.0"

INITIALIZE_RESULT = (
    b'{"capabilities":{"executeCommandProvider":{"commands":["modelport.provider.list","mo'
    b'delport.provider.connect","modelport.provider.disconnect","modelport.provider.status'
    b'","modelport.completion.create","modelport.credential.set","modelport.credential.del'
    b'ete","modelport.credential.list","modelport.usage.summary","modelport.usage.snapshot'
    b'","modelport.usage.delta","modelport.usage.history","modelport.diagnostics.run"]},"e'
    b'xperimental":{"modelport":{"protocolVersion":"1.0","methods":["provider/list","provi'
    b'der/connect","provider/disconnect","provider/status","completion/create","credential'
    b'/set","credential/delete","credential/list","usage/summary","usage/snapshot","usage/'
    b'delta","usage/history","diagnostics/run"]}}},"serverInfo":{"name":"modelport","versi'
    b'on":"0.1.0"}}'
)
