-- Once, as a superuser: what the shop would say when it connects, and PgBouncer does not pass on.
ALTER ROLE lantern SET lock_timeout = '5s';
ALTER ROLE lantern SET statement_timeout = '30s';
ALTER ROLE lantern SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE lantern SET timezone = 'UTC';
