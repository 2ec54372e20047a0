"""Writes what happens into a file, a line each."""
import json
import os
import sys

with open(os.environ["LOG"], "a", buffering=1, encoding="utf-8") as log:
    for line in sys.stdin:
        message = json.loads(line)
        if message["method"] == "hook.hello":
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {"ok": True}}), flush=True)
        elif message["method"] == "hook.event":
            params = message["params"]
            print(params["Kind"], params["Meta"]["SessionKey"], json.dumps(params["Payload"]), file=log)
        elif message.get("id"):
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {"action": "continue"}}), flush=True)
