//! `beanpole login-link`

use beanpole_control_plane::{
    config::{DatabaseOptions, PublicUrl},
    ops,
};
use beanpole_protocol::Timestamp;

use super::database;

#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    public: PublicUrl,
    /// Who signs in with it
    #[arg(long)]
    user: String,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let pool = database::open(&options.database).await?;
    let mut connection = pool.acquire().await?;
    let user = ops::identity::user(&mut connection, &options.user).await?;
    let code = ops::identity::create_login_code(&mut connection, &user.id, Timestamp::now()).await?;
    println!(
        "{}",
        ops::identity::login_link(&options.public.resolve(8000), &code)
    );
    Ok(())
}
