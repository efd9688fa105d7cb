-- Option settings that come with a version, from its `.ebextensions`.
alter table control.application_versions
    -- [{namespace, name, value}], in order, sealed: there are passwords among them.
    add column option_settings_sealed bytea,
    -- What is wrong with its configuration files: [{severity, file, line, column, key, message}].
    add column findings jsonb not null default '[]';
comment on column control.application_versions.option_settings_sealed is 'Null: it brings none';

alter table control.configurations add column version_settings_sealed bytea;
comment on column control.configurations.version_settings_sealed is
    'What the version that this revision was made for brings, below what is set; null: nothing';
