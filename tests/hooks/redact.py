"""Takes a word out of prompts and results, before the model reads them."""
import json
import sys


def without(text):
    return text.replace("stands-in-for-a-secret", "[taken out]")


for line in sys.stdin:
    message = json.loads(line)
    if not message.get("id"):
        continue
    params = message.get("params") or {}
    result = {"action": "continue"}
    if message["method"] == "hook.hello":
        result = {"ok": True}
    elif message["method"] == "hook.after_tool":
        result = {"action": "modify", "result": {"for_llm": without(params["result"]["for_llm"])}}
    elif message["method"] == "hook.before_llm":
        messages = [dict(m, content=without(m["content"])) for m in params["messages"]]
        result = {"action": "modify", "request": dict(messages=messages, tools=params["tools"])}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
