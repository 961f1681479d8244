"""What the system refuses, in French: its own words are English whatever the language of who reads them."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Final

_SAID: Final[Mapping[int, str]] = {
    errno.ENOENT: "n'existe pas",
    errno.EACCES: "accès refusé",
    errno.EPERM: "opération interdite",
    errno.EEXIST: "existe déjà",
    errno.EISDIR: "est un dossier",
    errno.ENOTDIR: "n'est pas un dossier",
    errno.ENOSPC: "plus de place sur le disque",
    errno.EDQUOT: "quota de disque dépassé",
    errno.EROFS: "disque en lecture seule",
    errno.EIO: "erreur du disque",
    errno.EMFILE: "trop de fichiers ouverts",
    errno.ENFILE: "trop de fichiers ouverts",
    errno.ENAMETOOLONG: "nom trop long",
    errno.EADDRINUSE: "adresse ou port déjà pris",
    errno.EADDRNOTAVAIL: "cette machine n'a pas cette adresse",
    errno.ECONNREFUSED: "connexion refusée",
    errno.ETIMEDOUT: "pas de réponse à temps",
}


def words(problem: OSError) -> str:
    """What was met; in the system's own words where we have none."""
    return _SAID.get(problem.errno or 0) or problem.strerror or str(problem) or type(problem).__name__


def said(problem: OSError) -> str:
    """The same, with the file it was met on where that is known."""
    name = problem.filename
    if isinstance(name, bytes):
        name = name.decode("utf-8", "backslashreplace")
    return f"{name} : {words(problem)}" if name else words(problem)
