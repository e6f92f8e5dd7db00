"""What this deployment needs: the list given by hand (`listed`), PrivateGPT's own settings (`privategpt`),
and the repos that the code of a model comes from (`automap`). Standard library only: a warm start passes
through here.
"""
