"""Kind `oidc`: what an OpenID provider tells about the citizen who is present (eSignet, any other)."""
