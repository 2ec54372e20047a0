"""Offers a tool of its own: the weather, with a picture."""
import json
import sys

PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TOOL = {
    "name": "weather",
    "description": "The weather in a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
LATER = {"type": "function", "function": {"name": "forecast", "description": "Tomorrow", "parameters": {}}}


def before_tool(params):
    city = params["arguments"].get("city", "")
    if params["tool"] == "weather":
        if not city:
            return {"action": "respond", "result": {"for_llm": "which city?", "is_error": True}}
        result = {"for_llm": "It is sunny in " + city + ".", "media": [PICTURE]}
        if city == "Home":
            result["for_user"] = "A picture for you alone"
            result["response_handled"] = True
        return {"action": "respond", "result": result}
    if params["tool"] == "forecast":
        return {"action": "respond", "result": {"for_llm": "more of the same"}}
    return {"action": "continue"}


def before_llm(params):
    if "tomorrow" in params["messages"][-1]["content"]:
        request = {"messages": params["messages"], "tools": params["tools"] + [LATER]}
        return {"action": "modify", "request": request}
    return {"action": "continue"}


for line in sys.stdin:
    message = json.loads(line)
    if not message.get("id"):
        continue
    method, params = message["method"], message.get("params") or {}
    if method == "hook.hello":
        result = {"ok": True, "name": "weather", "tools": [TOOL]}
    elif method == "hook.before_tool":
        result = before_tool(params)
    elif method == "hook.before_llm":
        result = before_llm(params)
    else:
        result = {"action": "continue"}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
