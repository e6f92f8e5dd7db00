"""What this deployment needs: the list given by hand (`listed`), PrivateGPT's own settings (`privategpt`),
the repos that the code of a model comes from (`automap`), and what is taken in place of a refused model
(`fallbacks`). Standard library only: a warm start passes through here.
"""
