"""Pictures of data and of what was learned, as arrays that `kcore.images.save_img` saves."""

from kcore.visualize.gallery import gallery

__all__ = ["gallery"]
