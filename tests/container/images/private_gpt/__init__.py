"""The outline of PrivateGPT 0.6.2 and 1.0.1: the settings that name models, and what 0.6.2's start does with them."""
