"""The other side of a session, by aioice: tells its description as a line of JSON, reads ours, connects, and stays for the tests.

    aioice_peer.py controlling|controlled
"""

import asyncio
import json
import sys

import aioice


async def main(role):
    connection = aioice.Connection(ice_controlling=role == "controlling", components=1)
    await connection.gather_candidates()
    own = {
        "ufrag": connection.local_username,
        "password": connection.local_password,
        "candidates": ["candidate:" + candidate.to_sdp() for candidate in connection.local_candidates],
    }
    print(json.dumps(own), flush=True)
    theirs = json.loads(await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline))
    connection.remote_username = theirs["ufrag"]
    connection.remote_password = theirs["password"]
    for line in theirs["candidates"]:
        await connection.add_remote_candidate(aioice.Candidate.from_sdp(line.removeprefix("candidate:")))
    await connection.add_remote_candidate(None)
    await connection.connect()
    print("connected", flush=True)
    await asyncio.sleep(15)
    await connection.close()


asyncio.run(main(sys.argv[1]))
