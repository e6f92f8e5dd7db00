"""The main job, told in four acts with real processes: `python -m demo`."""
