"""Speaks to the backlog's MCP server with the official client, in the era that is named, and prints what it saw.

Usage: mcp_client.py legacy|2026-07-28|auto COMMAND [ARGUMENT...]
"""

import asyncio
import json
import sys

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client


async def main(mode, command, arguments):
    server = stdio_client(StdioServerParameters(command=command, args=arguments, env=None))
    async with Client(server, mode=mode) as client:
        tools = (await client.list_tools()).tools

        async def call(tool, **given):
            result = await client.call_tool(tool, given)
            return {"error": bool(result.is_error), "text": result.content[0].text}

        seen = {
            "server": client.server_info and client.server_info.name,
            "tools": [tool.name for tool in tools],
            "required": {tool.name: tool.input_schema.get("required", []) for tool in tools},
            "created": await call("feature_create", category="c", name="a", description="d", steps=[]),
            "claimed": await call("feature_claim_next"),
            "again": await call("feature_claim_next"),
            "wrong": await call("feature_skip", feature_id="x"),
        }
        try:
            seen["unknown"] = await call("feature_destroy")
        except Exception as error:  # noqa: BLE001
            seen["unknown"] = {"error": True, "text": str(error)}
        # Many at once: each answer belongs to its own call.
        names = [f"n{n}" for n in range(40)]
        made = await asyncio.gather(
            *(call("feature_create", category="c", name=name, description="", steps=[]) for name in names)
        )
        seen["mixed_up"] = [name for name, one in zip(names, made) if f'"name":"{name}"' not in one["text"]]
        print(json.dumps(seen))


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
