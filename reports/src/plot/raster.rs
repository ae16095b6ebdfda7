//! The PNG of an SVG.
//!
//! The same picture, not another drawing of it. The font comes inside this program and no font of
//! the system is looked at, so a bare machine draws the same letters.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, Tree};
use std::sync::{Arc, OnceLock};

/// Pixels of the PNG per pixel of the SVG: enough for slides.
const ZOOM: f32 = 2.0;

/// Rasterises an SVG to PNG at twice its size.
///
/// # Errors
///
/// What the SVG reader or the PNG writer said.
pub fn png(svg: &str) -> Result<Vec<u8>, String> {
    let options = usvg::Options {
        fontdb: Arc::clone(fonts()),
        font_family: FAMILY.to_owned(),
        ..usvg::Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| error.to_string())?;
    let size = tree.size();
    let (width, height) = ((size.width() * ZOOM) as u32, (size.height() * ZOOM) as u32);
    let mut pixels = Pixmap::new(width, height).ok_or("the picture is too large")?;
    resvg::render(&tree, Transform::from_scale(ZOOM, ZOOM), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| error.to_string())
}

/// The only font there is.
const FAMILY: &str = "DejaVu Sans";

fn fonts() -> &'static Arc<usvg::fontdb::Database> {
    static FONTS: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
    FONTS.get_or_init(|| {
        let mut fonts = usvg::fontdb::Database::new();
        fonts.load_font_data(dejavu::sans::regular().to_vec());
        fonts.set_sans_serif_family(FAMILY);
        Arc::new(fonts)
    })
}
