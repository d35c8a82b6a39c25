"""``longwing info``: what this installation computes with."""

from __future__ import annotations

import json

import longwing
from longwing.runtime import BackendInfo


def run(*, as_json: bool) -> int:
    """Print the version, instruction sets, threads and backends, as text or as one JSON object."""
    information = longwing.info()
    if as_json:
        print(json.dumps(information, indent=2))
        return 0
    others = [isa for isa in information["available_isas"] if isa != information["isa"]]
    print(f"longwing  {information['version']}")
    print(f"isa       {information['isa']}" + (f" (also here: {', '.join(others)})" if others else ""))
    print(f"threads   {information['threads']}")
    print(f"plans     at most {information['plan_cache']['limit'] / 2**20:g} MiB cached")
    for backend in information["backends"]:
        print(f"backend   {_line(backend)}")
    return 0


def _line(backend: BackendInfo) -> str:
    if backend["usable"]:
        return f"{backend['name']}: {backend['description']}"
    return f"{backend['name']}: not usable: {backend['reason']}"
