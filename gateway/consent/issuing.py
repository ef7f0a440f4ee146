"""Issuing tokens for consents that stand, and the keys that make their tags.

The key behind `sub_tag` is random, one per issuer and provider (members), made at the issuer when it is
first needed and kept wrapped by the case key. The provider asks for it over the reserved service
(`status`): it travels once, in a signed exchange over mutual TLS, in a body, which no log keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.consent.errors import NotPossible, UnknownConsent
from gateway.consent.record import ConsentRecord, State
from gateway.consent.token import Token, TokenSigner, make, sub_tag
from gateway.consent.vault import ConsentVault
from schemas.identifiers import MemberId


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """Makes tokens for the members hosted here. `signers` by member id."""

    vault: ConsentVault
    signers: Mapping[str, TokenSigner]

    async def token(self, record: ConsentRecord, now: int) -> str:
        """The token of a consent, to be handed to its client.

        Raises:
            NotPossible: the consent does not stand.
            UnknownConsent: its issuer does not sign here.
            UnfitConsent: it names more than fits into a token.
        """
        if record.state_at(now) is not State.GRANTED:
            raise NotPossible(f"the consent is {record.state_at(now).value}: there is no token for it")
        wish, scope = record.wish, record.wish.scope
        signer = self.signers.get(str(wish.issuer))
        if signer is None:
            raise UnknownConsent(f"{wish.issuer} is not hosted here")
        key = await self.pair_key(wish.issuer, scope.provider.member)
        token = Token(
            consent=record.key,
            issuer=wish.issuer,
            sub_tag=sub_tag(key, wish.subject),
            client=scope.client,
            provider=scope.provider,
            purpose=scope.purpose,
            fields=scope.fields,
            valid_from=wish.valid_from,
            valid_until=record.ends_at,
        )
        return make(token, signer)

    async def pair_key(self, issuer: MemberId, provider: MemberId) -> bytes:
        """The 32 bytes that an issuer hosted here shares with one provider."""
        return await self.vault.key(f"pair:{issuer}:{provider}")
