"""The only place that knows peewee, SQL and the keyring."""
