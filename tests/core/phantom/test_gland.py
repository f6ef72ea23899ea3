"""The volume of glandular tissue as beams read it."""

import torch

from glam_core.phantom.gland import GlandVolume


def test_no_seam_is_read_at_the_plane_of_the_chest_wall() -> None:
    even = GlandVolume(torch.ones(1, 1, 6, 8, 8), (60.0, 40.0, 42.0))
    x = torch.linspace(-6.0, 12.0, 73)
    read = even.read(torch.stack([x, torch.zeros_like(x), torch.zeros_like(x)]))
    assert (read[x >= 0] == 1.0).all()
    assert (read[1:] >= read[:-1]).all()
