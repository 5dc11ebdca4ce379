"""The bundled PostgreSQL and Valkey that `make demo` and the tests start.

Nothing here is imported by the shop at work, except `state`, which tells settings where the servers are.
"""
