//! Imported from `places.pkr.hcl`.

use imagebake::{functions, prelude::*};

#[derive(Variables)]
struct Inputs {
    /// Files that are there or not, what is in them, and where they are.
    #[var(default = "banner")]
    banner: String,
    #[var(default = "~/.ssh/id_ed25519")]
    key: String,
}

#[image(dir = "../imagebake/src/import/generate/golden")]
async fn places(vars: Inputs, data: &Data) -> Result<Image> {
    let there = data.file_exists(format!("files/{}", vars.banner)).await?;
    let motd = if data.file_exists("files/none").await? {
        data.file("files/none").await?
    } else {
        "nothing".to_owned()
    };
    let banner = functions::base64(data.file_bytes(format!("files/{}", vars.banner)).await?);
    let whole = functions::absolute(&data.folder(), &format!("./files/../files/{}", vars.banner));
    let rooted = functions::absolute(&data.folder(), "/etc//motd");
    let key = functions::expand_home(&data.env("HOME").await?, &vars.key);

    let a = Null::none();

    let shell_local = ShellLocal::inline([
        format!("{there} {motd} {banner}"),
        whole,
        rooted,
        key,
        functions::expand_home(&data.env("HOME").await?, "~"),
    ]);

    Ok(Image::new().source(a.named("a")).provision(shell_local))
}
