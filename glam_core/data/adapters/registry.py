"""The data sets that `glam prepare` knows, by name."""

from glam_core.data.adapters.cbis_ddsm import read_cbis_ddsm
from glam_core.data.adapters.cdd_cesm import read_cdd_cesm
from glam_core.data.adapters.embed import read_embed
from glam_core.data.adapters.folder import read_folder
from glam_core.data.adapters.phantom import read_phantom
from glam_core.data.adapters.rsna import read_rsna
from glam_core.data.adapters.vindr import read_vindr
from glam_core.data.source_picture import Adapter

ADAPTERS: dict[str, Adapter] = {
    "embed": read_embed,
    "vindr": read_vindr,
    "rsna": read_rsna,
    "cbis-ddsm": read_cbis_ddsm,
    "cdd-cesm": read_cdd_cesm,
    "folder": read_folder,
    "phantom": read_phantom,
}
