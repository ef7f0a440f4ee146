"""The database's schema: what has to be there before a gateway starts.

Tables are declared where they are used (`audit.tables`); Alembic brings a database to the newest
form (`isthmus gateway migrate`). A gateway whose database is behind refuses to start and says so:
several nodes share one database, and none may change it by itself.
"""
