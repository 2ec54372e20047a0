"""A small MCP server on standard input and output whose one tool asks the person for input.

The tool `ask` sends `elicitation/create` with the parameters that it is given as JSON, and answers with what came
back. With `wait` it gives up after so many seconds.
"""

import json
import sys
import threading

lock = threading.Lock()
waiting = {}


def send(message):
    with lock:
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        sys.stdout.flush()


def ask(call, arguments):
    number = 1000 + len(waiting)
    waiting[number] = (threading.Event(), [])
    send({"id": number, "method": "elicitation/create", "params": json.loads(arguments["params"])})
    event, answer = waiting[number]
    event.wait(float(arguments.get("wait", 60)))
    text = "SERVER GOT " + json.dumps(answer[0] if answer else "nothing", sort_keys=True)
    send({"id": call, "result": {"content": [{"type": "text", "text": text}]}})


TOOL = {
    "name": "ask",
    "description": "Asks the person.",
    "inputSchema": {"type": "object", "properties": {"params": {"type": "string"}, "wait": {"type": "number"}}},
}

for line in sys.stdin:
    message = json.loads(line)
    method, number = message.get("method"), message.get("id")
    if method == "initialize":
        version = message["params"]["protocolVersion"]
        info = {"name": "tiny", "version": "1"}
        send({"id": number, "result": {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}})
    elif method == "tools/list":
        send({"id": number, "result": {"tools": [TOOL]}})
    elif method == "tools/call":
        threading.Thread(target=ask, args=(number, message["params"]["arguments"]), daemon=True).start()
    elif method is not None and number is not None:
        send({"id": number, "result": {}})
    elif number in waiting:
        waiting[number][1].append(message.get("result", message.get("error")))
        waiting[number][0].set()
