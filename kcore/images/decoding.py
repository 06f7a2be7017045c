"""From a file's bytes to a decoded Pillow image of its own mode and size."""

import io
from collections.abc import Callable

from PIL import Image, UnidentifiedImageError

from kcore.images.errors import ImageDecodeError

__all__ = ["decode"]


def decode(
    data: bytes, name: str | None, before_loading: Callable[[Image.Image], None] | None = None
) -> Image.Image:
    """Decode all of a picture, or say why that can't be done.

    Args:
        data: the file's content.
        name: the file's name, for the error.
        before_loading: called with the image when its header is read and its pixels are not.

    Raises:
        ImageDecodeError: if no picture can be made of `data`.
    """
    if not data:
        raise ImageDecodeError(name, "the file is empty (0 bytes)")
    try:
        img = Image.open(io.BytesIO(data))
        if before_loading is not None:
            before_loading(img)
        img.load()
    except UnidentifiedImageError as error:
        reason = "not an image in a format that Pillow reads, or cut off or damaged at its start"
        raise ImageDecodeError(name, reason) from error
    except Image.DecompressionBombError as error:
        raise ImageDecodeError(name, f"too large to decode safely: {error}") from error
    except MemoryError:
        raise
    # Pillow's decoders answer damaged data with OSError, SyntaxError, ValueError and others.
    except Exception as error:
        raise ImageDecodeError(name, f"damaged or truncated: {error}") from error
    return img
