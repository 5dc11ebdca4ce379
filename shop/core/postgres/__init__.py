"""Django's backend for PostgreSQL, which looks at a kept connection instead of asking through it."""
