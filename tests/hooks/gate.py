"""A review gate: refuses some commands, changes others, and has a say in requests for permission."""
import json
import os
import sys

LEVEL = os.environ.get("LEVEL", "lax")


def before_tool(params):
    command = params["arguments"].get("command", "")
    if "force" in command:
        return {"action": "deny_tool", "reason": "no force here"}
    if "EVIL" in command:
        return {"action": "abort_turn", "reason": "that is enough"}
    if command.startswith("rm "):
        safe = dict(params["arguments"], command="trash " + command[3:])
        return {"action": "modify", "call": {"tool": params["tool"], "arguments": safe}}
    return {"action": "continue"}


def approve_tool(params):
    if LEVEL == "strict" and params["tool"] == "Write":
        return {"approved": False, "reason": "nothing is written on this level"}
    return {"approved": True}


HANDLERS = {
    "hook.hello": lambda params: {"ok": True, "name": "review-gate"},
    "hook.before_tool": before_tool,
    "hook.approve_tool": approve_tool,
    "hook.after_tool": lambda params: {"action": "continue"},
}

for line in sys.stdin:
    message = json.loads(line)
    if not message.get("id"):
        continue
    answer = {"jsonrpc": "2.0", "id": message["id"]}
    handler = HANDLERS.get(message["method"])
    if handler:
        answer["result"] = handler(message.get("params") or {})
    else:
        answer["error"] = {"code": -32601, "message": "method not found"}
    print(json.dumps(answer), flush=True)
