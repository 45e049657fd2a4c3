//! The plugins of the example.

/// One plugin with its versions.
pub struct Plugin {
    pub id: &'static str,
    pub name: &'static str,
    pub summary: &'static str,
    pub category: &'static str,
    pub kind: &'static str,
    pub publisher: usize,
    pub permissions: &'static [&'static str],
    pub needs: &'static [&'static str],
    pub versions: &'static [&'static str],
    pub installs: u32,
}

pub const PUBLISHERS: [&str; 3] = ["Northwind Software GmbH", "青橙科技", "Depot Labs"];

pub const README: &str = "# Invoice OCR

Reads invoices that arrive by mail or upload and turns them into entries your accountant only has to confirm.

## What you get

- **Line items**, tax and due date, in 14 languages
- Duplicates are found *before* they are paid
- Every field links back to the place on the page it was read from

| Plan | Pages a month |
|---|---|
| Small | 500 |
| Large | 20 000 |

## Set up

1. Install it and open *Settings › Invoice OCR*.
2. Choose the mailbox that receives invoices.
3. Send a test invoice.

```yaml
mailbox: invoices@example.com
language: auto
```

More in the [handbook](https://docs.example.com/invoice-ocr).
<script>alert('never runs')</script>
";

pub const NOTES: &str = "### Added\n\n- Reads credit notes\n- Marks duplicates with the invoice they repeat\n\n### Mended\n\n- Dates on Swiss invoices\n";

pub const PLUGINS: &[Plugin] = &[
    Plugin {
        id: "com.northwind.invoice-ocr",
        name: "Invoice OCR",
        summary: "Reads invoices from mail and uploads and books them as drafts.",
        category: "finance",
        kind: "wasm",
        publisher: 0,
        permissions: &[
            "kv:read",
            "kv:write",
            "invoices:create",
            "http:outbound:ocr.northwind.example",
        ],
        needs: &["com.northwind.ledger >=1.2.0"],
        versions: &["2.2.0", "2.3.0", "2.4.0"],
        installs: 128,
    },
    Plugin {
        id: "com.northwind.ledger",
        name: "Ledger",
        summary: "Double-entry books with closing periods and an export for tax advisers.",
        category: "finance",
        kind: "process",
        publisher: 0,
        permissions: &["ledger:entry:read", "ledger:entry:create", "config:read"],
        needs: &[],
        versions: &["1.2.0", "1.3.1"],
        installs: 342,
    },
    Plugin {
        id: "cn.qingcheng.portrait",
        name: "客户画像",
        summary: "汇总订单、工单与来访记录，为每位客户生成一页画像。",
        category: "crm",
        kind: "wasm",
        publisher: 1,
        permissions: &["orders:read", "tickets:read", "kv:write"],
        needs: &[],
        versions: &["0.9.1", "1.0.0"],
        installs: 57,
    },
    Plugin {
        id: "io.depotlabs.warehouse-map",
        name: "Warehouse map",
        summary: "See every shelf, and find the shortest way to pick an order.",
        category: "logistics",
        kind: "static",
        publisher: 2,
        permissions: &["stock:read"],
        needs: &[],
        versions: &["3.0.0", "3.1.0"],
        installs: 19,
    },
    Plugin {
        id: "io.depotlabs.shift-planner",
        name: "Shift planner",
        summary: "Plans shifts that keep to working-time law and to people's wishes.",
        category: "hr",
        kind: "wasm",
        publisher: 2,
        permissions: &["people:read", "shifts:write", "kv:write"],
        needs: &[],
        versions: &["1.0.3"],
        installs: 1,
    },
    Plugin {
        id: "cn.qingcheng.approval",
        name: "审批流",
        summary: "可视化配置请假、报销、采购等审批流程，支持会签与转交。",
        category: "productivity",
        kind: "process",
        publisher: 1,
        permissions: &["approvals:manage", "people:read"],
        needs: &[],
        versions: &["2.0.0", "2.1.0"],
        installs: 211,
    },
    Plugin {
        id: "com.northwind.mail-merge",
        name: "Mail merge",
        summary: "Letters and labels from any list, in your corporate design.",
        category: "communication",
        kind: "wasm",
        publisher: 0,
        permissions: &["contacts:read", "kv:read"],
        needs: &[],
        versions: &["0.4.0"],
        installs: 0,
    },
];
