"""All talk with the Hub. huggingface_hub is asked here, and by `transfer.fetch` for a file's bytes, always
over the client that `session` opens; its exception classes decide nothing."""
