"""What XLA's foreign function interface is in the jaxlib that is installed, read from its own header."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jax

# The structures whose fields are read at fixed places, each with its fields in order: any other order is refused.
_FIELDS = {
    "XLA_FFI_CallFrame": ("struct_size", "extension_start", "api", "ctx", "stage", "args", "rets", "attrs", "future"),
    "XLA_FFI_Args": ("struct_size", "extension_start", "size", "types", "args"),
    "XLA_FFI_Rets": ("struct_size", "extension_start", "size", "types", "rets"),
    "XLA_FFI_Buffer": ("struct_size", "extension_start", "dtype", "data", "rank", "dims"),
    "XLA_FFI_Api_Version": ("struct_size", "extension_start", "major_version", "minor_version"),
    "XLA_FFI_Metadata": ("struct_size", "api_version", "traits", "state_type_id"),
    "XLA_FFI_ThreadPool_Schedule_Args": ("struct_size", "extension_start", "ctx", "task", "data"),
    "XLA_FFI_Error_Destroy_Args": ("struct_size", "extension_start", "error"),
    "XLA_FFI_ThreadPool_NumThreads_Args": ("struct_size", "extension_start", "ctx", "num_threads"),
}


class Interface(NamedTuple):
    """The version of the interface, and where XLA's functions are in its table, in bytes."""

    major: int
    minor: int
    schedule: int
    thread_count: int
    destroy: int


class UnknownInterfaceError(Exception):
    """The header is missing, or its structures are not those that jconv writes code for."""


@cache
def interface() -> Interface:
    """The interface of the installed jaxlib.

    Raises:
        UnknownInterfaceError: there is none that is known.
    """
    path = Path(jax.ffi.include_dir()) / "xla" / "ffi" / "api" / "c_api.h"
    try:
        return read_interface(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise UnknownInterfaceError(f"jaxlib's header {path} cannot be read") from error


def read_interface(header: str) -> Interface:
    """The interface that a header declares.

    Raises:
        UnknownInterfaceError: it declares none that is known.
    """
    text = re.sub(r"//[^\n]*", "", header)
    for name, fields in _FIELDS.items():
        if (found := _fields(text, name)) != fields:
            raise UnknownInterfaceError(f"{name} of jaxlib's header has the fields {', '.join(found) or 'none'}")
    table = re.findall(r"^\s*_XLA_FFI_API_STRUCT_FIELD\((\w+)\);", text, re.MULTILINE)
    version = [re.search(rf"^#define XLA_FFI_API_{word} (\d+)$", text, re.MULTILINE) for word in ("MAJOR", "MINOR")]
    names = ("XLA_FFI_ThreadPool_Schedule", "XLA_FFI_ThreadPool_NumThreads", "XLA_FFI_Error_Destroy")
    head = _fields(text, "XLA_FFI_Api")[:4]
    if head != ("struct_size", "extension_start", "api_version", "internal_api") or not all(version):
        raise UnknownInterfaceError("jaxlib's header declares no table of functions that jconv knows")
    if not set(names) <= set(table):
        raise UnknownInterfaceError("jaxlib's header declares no thread pool")
    # The table begins with the size, a pointer, the version (24 bytes) and a pointer.
    places = [48 + 8 * table.index(name) for name in names]
    return Interface(*(int(found[1]) for found in version if found), *places)


def _fields(text: str, name: str) -> tuple[str, ...]:
    """The names of a structure's fields, without those that are macros."""
    found = re.search(rf"^(?:typedef )?struct {name} {{(.*?)^}}", text, re.MULTILINE | re.DOTALL)
    return tuple(re.findall(r"(\w+);", found[1])) if found else ()
