"""`doctor`: every check with its remedy, before or after something went wrong.

    settings ─► needs ─► what is in place ─┐
        └─► dns ─► endpoint ─► access ─► file hosts ─┴─► cache ─► findings ─► exit code, report

Each box is an errand in a thread of its own (`errands`), so that nothing that hangs can keep the others, or the whole,
beyond its seconds. `examination` wires them; one kind of check is one module; `report` is what is printed.
"""
