//! Numbers: exact decimals, as long as they need to be.
//!
//! The peer calculates with 512 binary digits, which is 154 decimal ones; a quotient is cut there, everything else is exact here.

use bigdecimal::{BigDecimal, FromPrimitive, RoundingMode, Signed, ToPrimitive, Zero, num_bigint::BigInt};
use std::{fmt, num::NonZeroU64, str::FromStr};

/// A number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(BigDecimal);

const DIGITS: NonZeroU64 = NonZeroU64::new(154).expect("it is not 0");
/// The peer's library refuses exponents that no template needs; a short text must not become gigabytes.
const LARGEST_EXPONENT: i64 = 5000;

impl Number {
    /// Decimal digits with an optional sign, fraction and exponent.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let plain = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && digits
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
            && text.len() < 1000;
        let number = plain.then(|| BigDecimal::from_str(text).ok()).flatten()?;
        (number.fractional_digit_count().abs() < LARGEST_EXPONENT).then(|| Self(number.normalized()))
    }

    /// A whole number in any base up to 36.
    pub fn parse_radix(text: &str, base: u32) -> Option<Self> {
        BigInt::parse_bytes(text.as_bytes(), base).map(|number| Self(BigDecimal::from(number).normalized()))
    }

    /// The nearest to a float.
    pub fn from_f64(value: f64) -> Option<Self> {
        // Through the shortest text, so that 0.1 is 0.1.
        value.is_finite().then(|| Self::parse(&format!("{value:e}"))).flatten()
    }

    /// As a float.
    pub fn to_f64(&self) -> f64 {
        self.0.to_f64().unwrap_or(f64::NAN)
    }

    /// As a whole number, where it is one and fits.
    pub fn to_i64(&self) -> Option<i64> {
        self.is_integer().then(|| self.0.to_i64()).flatten()
    }

    /// As a whole number from 0, where it is one and fits.
    pub fn to_usize(&self) -> Option<usize> {
        self.is_integer().then(|| self.0.to_usize()).flatten()
    }

    /// As a whole number of any length, what is behind the point cut off.
    pub fn to_bigint(&self) -> BigInt {
        self.0.with_scale(0).into_bigint_and_exponent().0
    }

    /// Whether nothing stands behind the point.
    pub fn is_integer(&self) -> bool {
        self.0.is_integer()
    }

    /// Whether it is 0.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// -1, 0 or 1.
    pub fn signum(&self) -> i64 {
        if self.0.is_zero() {
            0
        } else if self.0.is_negative() {
            -1
        } else {
            1
        }
    }

    /// Without its sign.
    pub fn abs(&self) -> Self {
        Self(self.0.abs())
    }

    /// The next whole number upwards.
    pub fn ceil(&self) -> Self {
        Self(self.0.with_scale_round(0, RoundingMode::Ceiling).normalized())
    }

    /// The next whole number downwards.
    pub fn floor(&self) -> Self {
        Self(self.0.with_scale_round(0, RoundingMode::Floor).normalized())
    }

    /// With that many digits behind the point.
    pub fn fixed(&self, places: usize) -> String {
        let places = i64::try_from(places.min(10_000)).unwrap_or(0);
        self.0.with_scale_round(places, RoundingMode::HalfUp).to_plain_string()
    }

    /// The sum.
    pub fn add(&self, other: &Self) -> Self {
        Self((&self.0 + &other.0).normalized())
    }

    /// The difference.
    pub fn subtract(&self, other: &Self) -> Self {
        Self((&self.0 - &other.0).normalized())
    }

    /// The product.
    pub fn multiply(&self, other: &Self) -> Self {
        Self((&self.0 * &other.0).normalized())
    }

    /// The quotient; nothing for division by 0.
    pub fn divide(&self, other: &Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        let quotient = (&self.0 / &other.0).with_precision_round(DIGITS, RoundingMode::HalfEven);
        Some(Self(quotient.normalized()))
    }

    /// What is left over, with the sign of the dividend; nothing for division by 0.
    pub fn remainder(&self, other: &Self) -> Option<Self> {
        (!other.is_zero()).then(|| Self((&self.0 % &other.0).normalized()))
    }

    /// The opposite.
    pub fn negate(&self) -> Self {
        Self(-&self.0)
    }

    /// As JSON: whole where it is whole, a float where it has a fraction.
    pub fn to_json(&self) -> serde_json::Value {
        if let Some(whole) = self.to_i64() {
            return whole.into();
        }
        match self.is_integer().then(|| self.0.to_u64()).flatten() {
            Some(whole) => whole.into(),
            None => self.to_f64().into(),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.normalized().to_plain_string())
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(BigDecimal::from(value).normalized())
    }
}

impl From<usize> for Number {
    fn from(value: usize) -> Self {
        Self(BigDecimal::from_usize(value).unwrap_or_default().normalized())
    }
}

impl From<BigInt> for Number {
    fn from(value: BigInt) -> Self {
        Self(BigDecimal::from(value).normalized())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(text: &str) -> Number {
        Number::parse(text).expect("it is a number")
    }

    #[test]
    fn decimals_are_exact_and_short() {
        assert_eq!(n("0.1").add(&n("0.2")).to_string(), "0.3");
        assert_eq!(n("1e3").to_string(), "1000");
        assert_eq!(n("2.50").to_string(), "2.5");
        assert_eq!(n("20").divide(&n("8")).expect("not by 0").to_string(), "2.5");
        assert_eq!(
            n("123456789012345678901234567890").to_string(),
            "123456789012345678901234567890"
        );
        assert_eq!(n("-7").remainder(&n("3")).expect("not by 0").to_string(), "-1");
        assert!(n("1").divide(&n("0")).is_none());
        assert_eq!(n("-1.5").floor().to_string(), "-2");
        assert_eq!(n("-1.5").ceil().to_string(), "-1");
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "x", "1x", "0x10", "Inf", "NaN", "1_000", "1e999999999", " 1"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }
}
