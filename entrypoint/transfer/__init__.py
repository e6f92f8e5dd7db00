"""Moving bytes: a worker process that fetches and proves (`worker`, `fetch`), and the supervisor that watches it."""
