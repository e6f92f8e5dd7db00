"""The mounted volume: where files lie, who holds them, what was proved, and how much room is left."""
