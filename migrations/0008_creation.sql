-- What a version's env.yaml asks for when an environment is created from it.
alter table control.application_versions add column creation_sealed bytea;
comment on column control.application_versions.creation_sealed is
    '{options, cname, worker}, sealed: there may be passwords among the options. Null: it has no env.yaml';
