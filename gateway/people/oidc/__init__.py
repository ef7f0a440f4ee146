"""OpenID Connect relying party: code flow with PKCE (OpenID Connect Core 1.0, RFC 7636, RFC 9700).

Left out, on purpose: implicit and hybrid flow, UserInfo (no names, no e-mail are wanted), encrypted ID
tokens, dynamic registration, front- and back-channel logout.
"""
