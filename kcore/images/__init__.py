"""Load, convert and save pictures.

`load_img`, `img_to_array`, `array_to_img` and `save_img` take the arguments of their namesakes in
`keras.utils` and return the same values, so moving code over takes only a changed import. With
`data_format` and `dtype` given they need no Keras; with `None` they take the defaults that
`keras.config` holds.

They differ where Keras 3 loses data or fails:

========================================= ========================== ===============================
case                                      Keras                      kcore
========================================= ========================== ===============================
`load_img`, damaged or truncated file     fails later, names no file `ImageDecodeError`, at once
`load_img`, damaged chunk of a PNG        decoded                    `ImageDecodeError`
`load_img`, orientation in EXIF data      only TIFF is turned        applied, unless told otherwise
`load_img`, EPS, whatever the suffix      starts Ghostscript         `ImageDecodeError`
`load_img`, pipe or device                waits, maybe forever       `ImageDecodeError`
`load_img`, PNG with much text            ValueError                 reads it
`load_img`, 16-bit TIFF with 0 as white   black and white exchanged  as the 8-bit one
`load_img`, gray PNG of 2 or 4 bits, rgba transparent level missed   transparent
`load_img`, 16-bit gray as rgb, rgba      cut at 255: mostly white   scaled: 65535 becomes 255
`load_img`, big-endian 16-bit gray        cut at 255                 16 bits, as little-endian ones
`load_img`, 32-bit floats as grayscale    cut to 8 bits              kept (mode "F")
`load_img`, 32-bit numbers as rgb, rgba   cut to 8 bits              8-bit integers only
`load_img`, LAB as grayscale              ValueError                 gray
`load_img`, palette with alpha values     a warning                  the same picture, no warning
`load_img`, open file other than BytesIO  TypeError                  reads it
`img_to_array`, 1-bit image               0 and 1                    0 and 255
`img_to_array`, value too big for dtype   wraps around               ValueError
`array_to_img`, constant array, scaled    black                      keeps its value, in 0 to 255
`array_to_img`, integer dtype, scaled     UFuncTypeError             scaled
`array_to_img`, NaN, or out of range      arbitrary, or wraps around ValueError
`array_to_img`, 16-bit gray, not scaled   "I", or "L" if dark        "I;16"; "L" only if not uint16
`array_to_img`, integers beyond 2**24     rounded to float32         exact
`save_img`, failure                       old file is lost           old file stays
`save_img`, 16-bit gray to PNG            fails                      16-bit PNG
`save_img`, 16-bit gray to WebP, GIF      cut at 255                 ValueError
`save_img`, transparency to JPEG, BMP     dropped (JPEG: a warning)  dropped, always with a warning
`save_img`, .tif, .jpe and the like       KeyError                   the format of that suffix
========================================= ========================== ===============================
"""

from kcore.images._arrays import array_to_img, img_to_array
from kcore.images._errors import ImageDecodeError
from kcore.images._formats import FORMATS
from kcore.images._loading import load_img
from kcore.images._saving import save_img

__all__ = ["FORMATS", "ImageDecodeError", "array_to_img", "img_to_array", "load_img", "save_img"]
