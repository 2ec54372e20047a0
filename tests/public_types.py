"""Prints the field names of the public types that the wire reads, one type a line: facts, to be kept as data.

Usage: public_types.py node_modules/@anthropic-ai/claude-agent-sdk/sdk.d.ts
"""
import re
import sys

TYPES = [
    ("control_request/can_use_tool", ["SDKControlPermissionRequest"]),
    ("control_request/hook_callback", ["SDKHookCallbackRequest"]),
    ("control_request/elicitation", ["SDKControlElicitationRequest"]),
    ("hook/PreToolUse", ["BaseHookInput", "PreToolUseHookInput"]),
    ("hook/UserPromptSubmit", ["BaseHookInput", "UserPromptSubmitHookInput"]),
    ("hook/matcher", ["SDKHookCallbackMatcher"]),
    ("hook/PreToolUse/output", ["PreToolUseHookSpecificOutput"]),
    ("assistant", ["SDKAssistantMessage"]),
    ("user", ["SDKUserMessage"]),
    ("result", ["SDKResultError", "SDKResultSuccess"]),
    ("system/init", ["SDKSystemMessage"]),
    ("system/status", ["SDKStatusMessage"]),
    ("system/api_retry", ["SDKAPIRetryMessage"]),
    ("system/compact_boundary", ["SDKCompactBoundaryMessage"]),
    ("system/permission_denied", ["SDKPermissionDeniedMessage"]),
    ("system/background_tasks_changed", ["SDKBackgroundTasksChangedMessage"]),
    ("system/task_started", ["SDKTaskStartedMessage"]),
    ("system/task_progress", ["SDKTaskProgressMessage"]),
    ("system/task_updated", ["SDKTaskUpdatedMessage"]),
    ("system/task_notification", ["SDKTaskNotificationMessage"]),
    ("tool_progress", ["SDKToolProgressMessage"]),
]

text = open(sys.argv[1], encoding="utf-8").read()
for name, types in TYPES:
    fields = set()
    for of in types:
        found = re.search(r"^(?:export )?declare type %s = (?:BaseHookInput & )?\{\n(.*?)^\};" % of, text, re.M | re.S)
        if not found:
            sys.exit(f"there is no type {of}")
        body = re.sub(r"/\*.*?\*/", "", found.group(1), flags=re.S)
        fields.update(re.findall(r"^    ([A-Za-z_]+)\??:", body, re.M))
    fields -= {"type", "subtype"}
    print(f"{name}: {' '.join(sorted(fields))}")
