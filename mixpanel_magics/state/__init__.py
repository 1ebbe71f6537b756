"""What the widgets know and do, without a notebook: `mixpanel_magics.widgets` shows it."""
