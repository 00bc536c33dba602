//! Several look-ups at once.

use crate::error::Result;

/// Waits for several look-ups at once and comes back with the tuple of their answers, or the first error. It waits for all of them in
/// any case, so that the plan tells everything that is missing.
///
/// ```
/// use imagebake::prelude::*;
///
/// #[image]
/// async fn web(data: &Data) -> Result<Image> {
///     let (hostname, motd) = try_join!(data.env("HOSTNAME"), data.file("files/motd"))?;
///     Ok(Image::new().source(Null::none()).description(format!("{hostname}: {motd}")))
/// }
/// ```
#[macro_export]
macro_rules! try_join {
    ($($ask:expr),+ $(,)?) => {
        $crate::data::Joined::joined($crate::data::join_all!($($ask),+))
    };
}

/// A tuple of results that is a result of a tuple; see [`try_join!`](crate::try_join).
pub trait Joined {
    /// The tuple of answers.
    type Answers;
    /// All answers, or the first error.
    ///
    /// # Errors
    /// The first one's.
    fn joined(self) -> Result<Self::Answers>;
}

macro_rules! joined {
    ($($name:ident)+) => {
        impl<$($name),+> Joined for ($(Result<$name>,)+) {
            type Answers = ($($name,)+);
            fn joined(self) -> Result<Self::Answers> {
                #[expect(non_snake_case, reason = "the types' names serve for the values")]
                let ($($name,)+) = self;
                Ok(($($name?,)+))
            }
        }
    };
}

joined!(A);
joined!(A B);
joined!(A B C);
joined!(A B C D);
joined!(A B C D E);
joined!(A B C D E F);
joined!(A B C D E F G);
joined!(A B C D E F G H);
