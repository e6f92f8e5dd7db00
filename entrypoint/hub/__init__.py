"""All talk with the Hub. Only here is huggingface_hub imported; its exception classes decide nothing."""
