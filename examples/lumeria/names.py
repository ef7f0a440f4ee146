"""Lumerian names, invented for this country, and how clerks come to write them differently."""

from __future__ import annotations

import unicodedata
from random import Random
from typing import Final

FEMALE: Final = (
    "Élira", "Savenne", "Thalwyn", "Mírelle", "Oruna", "Kessandi", "Velisse", "Talía", "Brísenne",
    "Ondéa", "Marivel", "Sélune", "Ysoria", "Hadelle", "Corísa", "Lunette", "Pavéa", "Zerinne", "Amívra",
    "Dorelle", "Fenya", "Ilvéra", "Nerisse", "Quelía", "Rovenna", "Tessaly", "Ulwenne", "Wyllis",
    "Aldéra", "Cassuvel", "Emmeril", "Gavelle", "Jorísa", "Kalwenne", "Lethíe", "Morvella", "Nyssara",
    "Orlévie", "Perisande", "Sorwyn",
)  # fmt: skip
MALE: Final = (
    "Tavík", "Orlend", "Maréno", "Kelvar", "Bresnan", "Dorúval", "Hadrin", "Ísveld", "Jorvan", "Lucarn",
    "Mirodan", "Névar", "Osrédan", "Pelluc", "Quarrel", "Rúneth", "Savrin", "Torvald", "Ulmaric",
    "Vesárion", "Wendric", "Yarólan", "Zefrin", "Alvaréd", "Borrin", "Casímor", "Deldran", "Errín",
    "Farrovan", "Gaspern", "Halvéd", "Ivérian", "Korrel", "Lethmar", "Mardúin", "Norvith", "Ondrel",
    "Parríc", "Selwan", "Tresmund",
)  # fmt: skip
FAMILY: Final = (
    "Aldavérre", "Amberleth", "Arrowen", "Belcastré", "Bellomar", "Brannoch", "Brisevel", "Calderéy",
    "Carrowmere", "Corvandel", "Dallivar", "Delmarín", "Dravenne", "Dunmarrow", "Elsovar", "Estemíre",
    "Falkenreth", "Farrelune", "Fennimar", "Galdréy", "Garravel", "Glasswen", "Hallomere", "Harrowby-Vel",
    "Hellisande", "Ibarrenth", "Illumar", "Jessavar", "Karrowin", "Kelléndre", "Kessarin", "Lammerith",
    "Lanverre", "Lorrisande", "Lumarray", "Mallovar", "Marrendel", "Mellisórn", "Merrowick", "Mirandéy",
    "Mossavel", "Narrovin", "Nellarde", "Norrimánd", "Orrelane", "Ossavar", "Pallandré", "Pellowar",
    "Perrivane", "Quillaven", "Quorrín", "Rannovel", "Rellisard", "Rosavárre", "Sallomir", "Sarrowend",
    "Sellivan-Tor", "Sorréle", "Tallamere", "Tarrowen", "Tellúrin", "Thessaly-Ór", "Tillovar",
    "Ulderanne", "Vallisande", "Vannoreth", "Velméire", "Verrowin", "Wallavene", "Wennoride", "Willovar",
    "Yarrowel", "Yllisende", "Zallomar", "Zerrovín", "Zillander",
)  # fmt: skip


_LETTERS: Final = {
    "th": "ث", "sh": "ش", "ch": "تش", "a": "ا", "b": "ب", "c": "ك", "d": "د", "e": "ي", "f": "ف", "g": "غ",
    "h": "ه", "i": "ي", "j": "ج", "k": "ك", "l": "ل", "m": "م", "n": "ن", "o": "و", "p": "پ", "q": "ق",
    "r": "ر", "s": "س", "t": "ت", "u": "و", "v": "ڤ", "w": "و", "x": "كس", "y": "ي", "z": "ز",
}  # fmt: skip


def in_second_script(name: str) -> str:
    """Write a name in the country's second script, from right to left; several spellings become one."""
    text = fold(name)
    for latin, letter in _LETTERS.items():
        text = text.replace(latin, letter)
    return text


def fold(name: str) -> str:
    """Reduce a name to lower case without marks and double spaces, as name searches compare it."""
    decomposed = unicodedata.normalize("NFKD", name)
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).casefold().split())


def draw_given_names(rng: Random, sex: str, taken: frozenset[str] = frozenset()) -> str:
    """Draw one or two given names whose first is not among the siblings' `taken` ones."""
    pool = FEMALE if sex == "female" else MALE
    first = rng.choice([name for name in pool if name not in taken])
    if rng.random() < 0.65:
        return first
    return f"{first} {rng.choice([name for name in pool if name != first])}"


def respell(rng: Random, given_names: str, family_name: str) -> tuple[str, str]:
    """Misspell a name in one plausible way; the result always differs from what came in."""
    spellings = [
        spelling
        for spelling in (
            (_strip_marks(given_names), _strip_marks(family_name)),
            (given_names, _undouble(family_name)),
            (given_names.split(maxsplit=1)[0], family_name),
            (given_names, _swap_letters(family_name)),
            (_undouble(given_names).replace("y", "i"), family_name),
        )
        if spelling != (given_names, family_name)
    ]
    return rng.choice(spellings)


def _strip_marks(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _undouble(name: str) -> str:
    return "".join(c for before, c in zip(" " + name, name, strict=False) if c != before)


def _swap_letters(name: str) -> str:
    """Swap two letters in the middle, so that at least this spelling is always another one."""
    for at in range(len(name) // 2, len(name) - 1):
        if name[at] != name[at + 1]:
            return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return name + name[-1]
