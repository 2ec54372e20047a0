"""Does everything that a hook must not do; WAY says what."""
import json
import os
import random
import subprocess
import sys
import time

WAY = os.environ.get("WAY", "")


def say(answer):
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def good(message):
    arguments = dict(message["params"].get("arguments") or {}, seen=True)
    return {"id": message["id"], "result": {"action": "modify", "call": {"arguments": arguments}}}


if WAY == "exit at once":
    sys.exit("no such module: nothing")
if WAY == "deaf":
    time.sleep(1000)
if WAY == "children":
    for session in (False, True):
        subprocess.Popen(["sleep", "1000"], start_new_session=session)
if WAY == "print first":
    print("Loading model ...\n\x1b[2J", flush=True)

waiting = []
n_calls = 0
for line in iter(sys.stdin.readline, ""):
    message = json.loads(line)
    if message["method"] == "hook.hello":
        if WAY == "hello no":
            say({"id": message["id"], "result": {"ok": False}})
        elif WAY == "hello error":
            say({"id": message["id"], "error": {"code": 1, "message": "not today\x07"}})
        elif WAY != "hello never":
            say({"id": message["id"], "result": {"ok": True}})
        continue
    if not message.get("id"):
        continue
    n_calls += 1
    if WAY == "hang":
        continue
    elif WAY == "garbage":
        sys.stdout.buffer.write(b"\xff\xfe\x00 no json\n[1,2]\n\"x\"\n{\"id\":true}\n")
        sys.stdout.flush()
    elif WAY == "long":
        say({"id": message["id"], "result": {"action": "continue", "x": "y" * (2 << 20)}})
    elif WAY == "exit":
        sys.exit(3)
    elif WAY == "answer and exit":
        say(good(message))
        sys.exit(0)
    elif WAY == "twice":
        say(good(message))
        say({"id": message["id"], "result": {"action": "deny_tool", "reason": "changed my mind"}})
        say({"id": message["id"] + 1, "result": {"action": "continue"}})
    elif WAY == "unknown":
        say({"id": 987654321, "result": {"action": "continue"}})
        say({"result": {"action": "continue"}})
        say({"id": str(message["id"]), "result": {"action": "continue"}})
    elif WAY == "error":
        say({"id": message["id"], "error": {"code": -1, "message": "no idea"}})
    elif WAY == "nonsense":
        say({"id": message["id"], "result": {"action": "allow", "approved": "yes", "permissionDecision": "allow"}})
    elif WAY == "other tool":
        say({"id": message["id"], "result": {"action": "modify", "call": {"tool": "Write", "arguments": {}}}})
    elif WAY == "late":
        time.sleep(1.5)
        say(good(message))
    elif WAY == "shuffle":
        waiting.append(good(message))
        if len(waiting) >= 20 or n_calls >= int(os.environ["N"]):
            random.shuffle(waiting)
            for answer in waiting:
                say(answer)
            waiting = []
    else:
        say(good(message))
