//! The two queries of the shop.

/// Every item sold in the last days. It divides by the quantity, which may be zero.
const ALL_SALES: &str = "
SELECT
    c360.amperity_id AS external_id,
    c360.email, c360.phone, c360.given_name, c360.surname, c360.birthdate, c360.gender,
    c360.city, c360.state, c360.postal, c360.country,
    uit.order_id,
    uit.item_quantity AS quantity,
    uit.product_id,
    uit.order_datetime AS timestamp,
    CAST(uit.item_revenue / uit.item_quantity AS DOUBLE) AS price,
    'USD' AS currency,
    'physical_store' AS action_source
FROM Unified_Itemized_Transactions uit
LEFT JOIN Customer_360 c360 ON uit.amperity_id = c360.amperity_id
WHERE uit.order_datetime > (CURRENT_DATE - interval '7' day)
";

/// The items of one brand, without returns and cancellations, whose customer can be found. The name of the brand stands in
/// double quotes.
const SALES_OF_A_BRAND: &str = r#"
SELECT
    c360.amperity_id AS external_id,
    c360.email, c360.phone, c360.given_name, c360.surname, c360.birthdate, c360.gender,
    c360.city, c360.state, c360.postal, c360.country,
    uit.order_id,
    uit.item_quantity AS quantity,
    uit.product_id,
    uit.order_datetime AS timestamp,
    CAST(uit.item_revenue / uit.item_quantity AS DOUBLE) AS price,
    'USD' AS currency,
    'physical_store' AS action_source,
    ut.purchase_channel
FROM Unified_Itemized_Transactions uit
LEFT JOIN Unified_Transactions ut ON uit.order_id = ut.order_id
LEFT JOIN Customer_360 c360 ON uit.amperity_id = c360.amperity_id
WHERE uit.order_datetime > (CURRENT_DATE - interval '7' day)
    AND ut.purchase_brand = "ACME Essentials"
    AND uit.item_quantity > 0
    AND (c360.email IS NOT NULL OR c360.phone IS NOT NULL)
    AND uit.is_cancellation IS NOT TRUE
    AND uit.is_return IS NOT TRUE
"#;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Query {
    AllSales,
    SalesOfABrand,
}

impl Query {
    pub const BOTH: [Self; 2] = [Self::AllSales, Self::SalesOfABrand];

    /// The text as the shop wrote it.
    pub fn as_written(self) -> &'static str {
        match self {
            Self::AllSales => ALL_SALES,
            Self::SalesOfABrand => SALES_OF_A_BRAND,
        }
    }

    /// The text with a price of null where the quantity is zero.
    pub fn with_nullif(self) -> String {
        self.as_written().replace("/ uit.item_quantity", "/ NULLIF(uit.item_quantity, 0)")
    }

    /// The text, sorted for the grouper.
    pub fn sorted(text: &str) -> String {
        format!("{text} ORDER BY uit.order_id")
    }

    /// How many orders have a row that is no return, and a customer who can be found.
    pub fn orders(self) -> String {
        let rows = self.with_nullif();
        format!(
            "SELECT count(DISTINCT order_id) FROM ({rows}) WHERE quantity > 0 AND (email IS NOT NULL OR phone IS NOT NULL)"
        )
    }
}
