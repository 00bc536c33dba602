//! The settings of `azure-arm`.

use super::super::{
    access::Access,
    artifact::AzureImage,
    names::{Gallery, ManagedImage, MarketplaceImage, OsType},
};
use crate::{
    describe::{Component, Info},
    field::Places,
    groups::{Communication, entry_blocks},
    plan::{Diagnostic, Diagnostics},
    source::unwritten_source,
    value::{HostPath, Secret, Template, Text},
};
use imagebake_macros::Config;
use std::time::Duration;

/// An image of Azure, made of a machine that was started from another one.
///
/// ```
/// use imagebake::{prelude::*, sources::azure::{Access, Arm, MarketplaceImage, OsType}};
///
/// fn web() -> Image {
///     let debian = MarketplaceImage { publisher: "Debian".into(), offer: "debian-12".into(), sku: "12-gen2".into() };
///     let machine = Arm::from_marketplace(debian, OsType::Linux)
///         .access(Access::azure_cli())
///         .location("westeurope")
///         .vm_size("Standard_B2s")
///         .managed_image("images", format!("web-{TIMESTAMP}"))
///         .ssh(Ssh::user("packer"));
///     Image::new().source(machine)
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(from_marketplace(MarketplaceImage { publisher: image_publisher, offer: image_offer, sku: image_sku }, os_type), from_disk(image_url, os_type), from_managed_image(ManagedImage { resource_group: custom_managed_image_resource_group_name, name: custom_managed_image_name }, os_type), from_gallery(shared_image_gallery, os_type)), methods(managed_image(managed_image_resource_group_name, managed_image_name), disk_in(resource_group_name, storage_account)))]
pub struct Arm {
    /// Who publishes the image it starts from.
    #[field(private, rename = "with_publisher", template = "image_publisher")]
    image_publisher: Option<Text>,
    /// That one's offer.
    #[field(private, rename = "with_offer", template = "image_offer")]
    image_offer: Option<Text>,
    /// The offer's plan.
    #[field(private, rename = "with_sku", template = "image_sku")]
    image_sku: Option<Text>,
    /// The version; the newest without.
    #[field(template = "image_version")]
    image_version: Option<Text>,
    /// A disk that it starts from. Beside another constructor it is for where what that says is empty.
    #[field(rename = "or_disk", template = "image_url")]
    image_url: Option<Text>,
    /// A managed image that it starts from.
    #[field(private, rename = "with_custom_name", template = "custom_managed_image_name")]
    custom_managed_image_name: Option<Text>,
    /// The resource group of that.
    #[field(
        private,
        rename = "with_custom_group",
        template = "custom_managed_image_resource_group_name"
    )]
    custom_managed_image_resource_group_name: Option<Text>,
    /// An image of a gallery that it starts from. Beside another constructor it is for where what that says is empty.
    #[field(rename = "or_gallery", template = "shared_image_gallery")]
    shared_image_gallery: Option<GallerySource>,
    /// Its system: `Linux` or `Windows`.
    #[field(private, rename = "with_os_type", template = "os_type")]
    os_type: Option<OsType>,
    /// Who asks Azure's API.
    #[field(group)]
    access: Option<Access>,
    /// The region it is built in.
    #[field(template = "location")]
    location: Option<Text>,
    /// A resource group to build in, instead of one made for it.
    #[field(template = "build_resource_group_name")]
    build_resource_group_name: Option<Text>,
    /// The name of the one made for it.
    #[field(template = "temp_resource_group_name")]
    temp_resource_group_name: Option<Template>,
    /// The name of the machine.
    #[field(template = "temp_compute_name")]
    temp_compute_name: Option<Template>,
    /// The name of its network adapter.
    #[field(template = "temp_nic_name")]
    temp_nic_name: Option<Template>,
    /// The name of its disk.
    #[field(template = "temp_os_disk_name")]
    temp_os_disk_name: Option<Template>,
    /// What names of all made for it begin with.
    #[field(template = "custom_resource_build_prefix")]
    custom_resource_build_prefix: Option<Text>,
    /// Whether nobody waits until what was made for it is gone.
    #[field(template = "async_resourcegroup_delete")]
    async_resourcegroup_delete: bool,
    /// The machine's size; `Standard_A1` without.
    #[field(template = "vm_size")]
    vm_size: Option<Text>,
    /// Whether it is a machine that Azure may take away.
    #[field(template = "spot")]
    spot: Option<Spot>,
    /// Identities that it has.
    #[field(template = "user_assigned_managed_identities")]
    user_assigned_managed_identities: Vec<Text>,
    /// The plan that a marketplace image is bought by.
    #[field(template = "plan_info")]
    plan_info: Option<Plan>,
    /// A licence that you have: `Windows_Server`, `RHEL_BYOS`, …
    #[field(template = "license_type")]
    license_type: Option<Text>,
    /// What it is given at the start.
    #[field(template = "custom_data")]
    custom_data: Option<Secret>,
    /// The same, in a file.
    #[field(path, template = "custom_data_file")]
    custom_data_file: Option<HostPath>,
    /// What it is given, and may ask for again.
    #[field(template = "user_data")]
    user_data: Option<Secret>,
    /// The same, in a file.
    #[field(path, template = "user_data_file")]
    user_data_file: Option<HostPath>,
    /// A command that an extension runs at the start.
    #[field(template = "custom_script")]
    custom_script: Option<Template>,
    /// The size of its disk in GB.
    #[field(template = "os_disk_size_gb")]
    os_disk_size_gb: Option<u32>,
    /// Sizes of more disks in GB.
    #[field(template = "disk_additional_size")]
    disk_additional_size: Vec<u32>,
    /// Where these are attached.
    #[field(template = "disk_additional_luns")]
    disk_additional_luns: Vec<i32>,
    /// What the host caches: `None`, `ReadOnly` or `ReadWrite`.
    #[field(template = "disk_caching_type")]
    disk_caching_type: Option<Text>,
    /// `SCSI` or `NVMe`.
    #[field(template = "disk_controller_type")]
    disk_controller_type: Option<Text>,
    /// The keys its disks are encrypted with.
    #[field(template = "disk_encryption_set_id")]
    disk_encryption_set_id: Option<Text>,
    /// Whether the host encrypts what it stores of it.
    #[field(template = "encryption_at_host")]
    encryption_at_host: bool,
    /// `TrustedLaunch` or `ConfidentialVM`.
    #[field(template = "security_type")]
    security_type: Option<Text>,
    /// What a confidential machine encrypts: `VMGuestStateOnly`, `DiskWithVMGuestState`.
    #[field(template = "security_encryption_type")]
    security_encryption_type: Option<Text>,
    /// Whether it starts signed systems only.
    #[field(template = "secure_boot_enabled")]
    secure_boot_enabled: bool,
    /// Whether it has a TPM.
    #[field(template = "vtpm_enabled")]
    vtpm_enabled: bool,
    /// The storage account for what its screen shows.
    #[field(template = "boot_diag_storage_account")]
    boot_diag_storage_account: Option<Text>,
    /// A network to be in, instead of one made for it.
    #[field(template = "virtual_network_name")]
    virtual_network_name: Option<Text>,
    /// Its subnet.
    #[field(template = "virtual_network_subnet_name")]
    virtual_network_subnet_name: Option<Text>,
    /// The resource group of that network.
    #[field(template = "virtual_network_resource_group_name")]
    virtual_network_resource_group_name: Option<Text>,
    /// Whether it has a public address in that network.
    #[field(template = "private_virtual_network_with_public_ip")]
    private_virtual_network_with_public_ip: bool,
    /// The kind of public address: `Standard` without.
    #[field(template = "public_ip_sku")]
    public_ip_sku: Option<Text>,
    /// Whether its adapter is a real one's share.
    #[field(template = "accelerated_networking")]
    accelerated_networking: bool,
    /// Addresses that may reach it; anybody without.
    #[field(template = "allowed_inbound_ip_addresses")]
    allowed_inbound_ip_addresses: Vec<Text>,
    /// The managed image's name.
    #[field(private, rename = "with_managed_name", template = "managed_image_name")]
    managed_image_name: Option<Template>,
    /// Its resource group.
    #[field(
        private,
        rename = "with_managed_group",
        template = "managed_image_resource_group_name"
    )]
    managed_image_resource_group_name: Option<Template>,
    /// The storage of the image: `Standard_LRS`, `Premium_LRS`.
    #[field(template = "managed_image_storage_account_type")]
    managed_image_storage_account_type: Option<Text>,
    /// A snapshot of its disk that is made too.
    #[field(template = "managed_image_os_disk_snapshot_name")]
    managed_image_os_disk_snapshot_name: Option<Template>,
    /// What names of snapshots of its other disks begin with.
    #[field(template = "managed_image_data_disk_snapshot_prefix")]
    managed_image_data_disk_snapshot_prefix: Option<Template>,
    /// Whether it is stored in several zones.
    #[field(template = "managed_image_zone_resilient")]
    managed_image_zone_resilient: bool,
    /// Whether its disk stays.
    #[field(template = "keep_os_disk")]
    keep_os_disk: bool,
    /// The gallery it is published in.
    #[field(template = "shared_image_gallery_destination")]
    shared_image_gallery_destination: Option<GalleryDestination>,
    /// How long publishing may take; 60 min without.
    #[field(template = "shared_image_gallery_timeout")]
    shared_image_gallery_timeout: Option<Duration>,
    /// When that version is not to be used any more.
    #[field(template = "shared_gallery_image_version_end_of_life_date")]
    shared_gallery_image_version_end_of_life_date: Option<Text>,
    /// Whether that version is not the newest.
    #[field(template = "shared_gallery_image_version_exclude_from_latest")]
    shared_gallery_image_version_exclude_from_latest: bool,
    /// How many copies each region has.
    #[field(template = "shared_image_gallery_replica_count")]
    shared_image_gallery_replica_count: Option<u32>,
    /// The resource group of the storage account of a disk that is the result.
    #[field(private, rename = "with_vhd_group", template = "resource_group_name")]
    resource_group_name: Option<Template>,
    /// That storage account.
    #[field(private, rename = "with_vhd_account", template = "storage_account")]
    storage_account: Option<Text>,
    /// The container of that disk.
    #[field(template = "capture_container_name")]
    capture_container_name: Option<Text>,
    /// What its name begins with.
    #[field(template = "capture_name_prefix")]
    capture_name_prefix: Option<Text>,
    /// Tags of all that is made, as a whole; `.azure_tag(…)` adds one.
    #[field(template = "azure_tags")]
    azure_tags: Vec<(String, Template)>,
    /// Tags of all that is made, one by one.
    #[field(each = "azure_tag", parts = tag_blocks)]
    azure_tag: Vec<(String, Template)>,
    /// A key vault for the certificate of WinRM, instead of one made for it.
    #[field(template = "build_key_vault_name")]
    build_key_vault_name: Option<Text>,
    /// What that certificate is called there; `packerKeyVaultSecret` without.
    #[field(template = "build_key_vault_secret_name")]
    build_key_vault_secret_name: Option<Text>,
    /// The kind of the vault; `standard` without.
    #[field(template = "build_key_vault_sku")]
    build_key_vault_sku: Option<Text>,
    /// Whether none is made.
    #[field(template = "skip_create_build_key_vault")]
    skip_create_build_key_vault: bool,
    /// How long that certificate is good for; 24 h without.
    #[field(template = "winrm_expiration_time")]
    winrm_expiration_time: Option<Duration>,
    /// How long links to disks are good for; 24 h without.
    #[field(template = "sas_token_duration")]
    sas_token_duration: Option<Duration>,
    /// How long anything of Azure's may take; 15 min without.
    #[field(template = "polling_duration_timeout")]
    polling_duration_timeout: Option<Duration>,
    /// Whether nothing is made in the end: for trying steps.
    #[field(template = "skip_create_image")]
    skip_create_image: bool,
    #[field(flatten)]
    communication: Communication,
    at: Places,
}

/// An image of a gallery to start from.
#[derive(Clone, Debug, Config)]
#[config(constructors(id(id), image(Gallery { subscription: subscription, resource_group: resource_group, name: gallery_name }, image_name), community(community_gallery_image_id), shared(direct_shared_gallery_image_id)))]
pub struct GallerySource {
    /// The version's whole id.
    #[field(private, rename = "with_id", template = "id")]
    id: Option<Text>,
    /// The gallery's subscription.
    #[field(private, rename = "with_subscription", template = "subscription")]
    subscription: Option<Text>,
    /// Its resource group.
    #[field(private, rename = "with_group", template = "resource_group")]
    resource_group: Option<Text>,
    /// Its name.
    #[field(private, rename = "with_gallery", template = "gallery_name")]
    gallery_name: Option<Text>,
    /// The image in it.
    #[field(private, rename = "with_image", template = "image_name")]
    image_name: Option<Text>,
    /// The version; the newest without.
    #[field(template = "image_version")]
    image_version: Option<Text>,
    /// An image of a community's gallery.
    #[field(private, rename = "with_community", template = "community_gallery_image_id")]
    community_gallery_image_id: Option<Text>,
    /// An image that somebody shares. Beside another constructor it is for where what that says is empty.
    #[field(rename = "or_shared", template = "direct_shared_gallery_image_id")]
    direct_shared_gallery_image_id: Option<Text>,
    at: Places,
}

/// The gallery that the image is published in.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(Gallery { resource_group: resource_group, name: gallery_name, subscription: subscription }, image_name, image_version)))]
pub struct GalleryDestination {
    /// The gallery's subscription.
    #[field(template = "subscription")]
    subscription: Option<Text>,
    /// Its resource group.
    #[field(private, rename = "with_group", template = "resource_group")]
    resource_group: Option<Text>,
    /// Its name.
    #[field(private, rename = "with_gallery", template = "gallery_name")]
    gallery_name: Option<Text>,
    /// The image in it.
    #[field(private, rename = "with_image", template = "image_name")]
    image_name: Option<Text>,
    /// The version: `1.4.0`.
    #[field(private, rename = "with_version", template = "image_version")]
    image_version: Option<Template>,
    /// Regions that get a copy.
    #[field(template = "replication_regions")]
    replication_regions: Option<Vec<Text>>,
    /// The same, with more to say of each.
    #[field(each = "target_region", template = "target_region")]
    target_region: Vec<TargetRegion>,
    /// How it is stored: `Standard_LRS` without.
    #[field(template = "storage_account_type")]
    storage_account_type: Option<Text>,
    /// Whether it stays as it is, and is not made general.
    #[field(template = "specialized")]
    specialized: Option<bool>,
    /// Whether it is there sooner, with one copy each.
    #[field(template = "use_shallow_replication")]
    use_shallow_replication: Option<bool>,
    /// What of it is encrypted for confidential machines.
    #[field(template = "confidential_vm_image_encryption_type")]
    confidential_vm_image_encryption_type: Option<Text>,
    at: Places,
}

/// A region that gets a copy.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(name)))]
pub struct TargetRegion {
    /// The region.
    #[field(private, rename = "with_name", template = "name")]
    name: Option<Text>,
    /// The keys its copy is encrypted with.
    #[field(template = "disk_encryption_set_id")]
    disk_encryption_set_id: Option<Text>,
    /// How many copies it has; 1 without.
    #[field(template = "replicas")]
    replicas: Option<u32>,
    at: Places,
}

/// A machine that Azure may take away.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(eviction_policy)))]
pub struct Spot {
    /// What becomes of it then: `Deallocate` or `Delete`.
    #[field(private, rename = "with_policy", template = "eviction_policy")]
    eviction_policy: Option<Text>,
    /// The most that is paid for an hour; whatever it costs without.
    #[field(template = "max_price")]
    max_price: Option<f64>,
    at: Places,
}

/// The plan that a marketplace image is bought by.
#[derive(Clone, Debug, Config)]
#[config(constructors(of(MarketplaceImage { publisher: plan_publisher, offer: plan_product, sku: plan_name })))]
pub struct Plan {
    /// The plan.
    #[field(private, rename = "with_name", template = "plan_name")]
    plan_name: Option<Text>,
    /// The product.
    #[field(private, rename = "with_product", template = "plan_product")]
    plan_product: Option<Text>,
    /// Who sells it.
    #[field(private, rename = "with_publisher", template = "plan_publisher")]
    plan_publisher: Option<Text>,
    /// A code for a lower price.
    #[field(template = "plan_promotion_code")]
    plan_promotion_code: Option<Text>,
    at: Places,
}

entry_blocks!(tag_blocks, "azure_tag", "name");

impl Arm {
    /// A machine started from an image of the marketplace.
    #[track_caller]
    pub fn from_marketplace(image: MarketplaceImage, os: OsType) -> Self {
        Self::defaults()
            .with_publisher(image.publisher)
            .with_offer(image.offer)
            .with_sku(image.sku)
            .with_os_type(os)
    }

    /// A machine started from the disk at `url`.
    #[track_caller]
    pub fn from_disk(url: impl Into<Text>, os: OsType) -> Self {
        Self::defaults().or_disk(url).with_os_type(os)
    }

    /// A machine started from a managed image.
    #[track_caller]
    pub fn from_managed_image(image: ManagedImage, os: OsType) -> Self {
        Self::defaults()
            .with_custom_group(image.resource_group)
            .with_custom_name(image.name)
            .with_os_type(os)
    }

    /// A machine started from an image of a gallery.
    #[track_caller]
    pub fn from_gallery(image: GallerySource, os: OsType) -> Self {
        Self::defaults().or_gallery(image).with_os_type(os)
    }

    /// The result is a managed image: its resource group and its name.
    #[track_caller]
    #[must_use]
    pub fn managed_image(self, resource_group: impl Into<Template>, name: impl Into<Template>) -> Self {
        self.with_managed_group(resource_group).with_managed_name(name)
    }

    /// The result is a disk in a storage account: the account's resource group and its name.
    #[track_caller]
    #[must_use]
    pub fn disk_in(self, resource_group: impl Into<Template>, account: impl Into<Text>) -> Self {
        self.with_vhd_group(resource_group).with_vhd_account(account)
    }
}

impl GallerySource {
    fn is_given(&self) -> bool {
        [
            &self.id,
            &self.gallery_name,
            &self.community_gallery_image_id,
            &self.direct_shared_gallery_image_id,
        ]
        .into_iter()
        .any(|text| is_given(text.as_ref()))
    }

    /// The version with this whole id.
    #[track_caller]
    pub fn id(id: impl Into<Text>) -> Self {
        Self::defaults().with_id(id)
    }

    /// The image `image` of a gallery of your own.
    #[track_caller]
    pub fn image(gallery: Gallery, image: impl Into<Text>) -> Self {
        Self::defaults()
            .with_subscription(gallery.subscription)
            .with_group(gallery.resource_group)
            .with_gallery(gallery.name)
            .with_image(image)
    }

    /// An image of a community's gallery.
    #[track_caller]
    pub fn community(id: impl Into<Text>) -> Self {
        Self::defaults().with_community(id)
    }

    /// An image that somebody shares.
    #[track_caller]
    pub fn shared(id: impl Into<Text>) -> Self {
        Self::defaults().or_shared(id)
    }
}

impl GalleryDestination {
    /// The version `version` of the image `image` of a gallery.
    #[track_caller]
    pub fn new(gallery: Gallery, image: impl Into<Text>, version: impl Into<Template>) -> Self {
        let made = Self::defaults()
            .with_group(gallery.resource_group)
            .with_gallery(gallery.name)
            .with_image(image)
            .with_version(version);
        match gallery.subscription.is_empty() {
            true => made,
            false => made.subscription(gallery.subscription),
        }
    }
}

impl TargetRegion {
    /// The region `name`.
    #[track_caller]
    pub fn new(name: impl Into<Text>) -> Self {
        Self::defaults().with_name(name)
    }
}

impl Spot {
    /// `Deallocate` or `Delete`.
    #[track_caller]
    pub fn new(eviction_policy: impl Into<Text>) -> Self {
        Self::defaults().with_policy(eviction_policy)
    }
}

impl Plan {
    /// A plan by its name, product and publisher.
    #[track_caller]
    pub fn of(image: MarketplaceImage) -> Self {
        Self::defaults()
            .with_publisher(image.publisher)
            .with_product(image.offer)
            .with_name(image.sku)
    }
}

/// An input may be empty where another one says what the machine starts from.
fn is_given(text: Option<&Text>) -> bool {
    text.is_some_and(|text| !text.is_empty())
}

impl Component for Arm {
    const KIND: &'static str = "azure-arm";

    fn check(&self, problems: &mut Diagnostics) {
        self.communication.check_all(problems);
        if let Some(access) = &self.access {
            access.check_all(problems);
        }
        problems.check_exclusive(&[
            ("image_publisher", is_given(self.image_publisher.as_ref())),
            ("image_url", is_given(self.image_url.as_ref())),
            ("custom_managed_image_name", self.custom_managed_image_name.is_some()),
            (
                "shared_image_gallery",
                self.shared_image_gallery.as_ref().is_some_and(GallerySource::is_given),
            ),
        ]);
        problems.check_any(&[
            ("location", self.location.is_some()),
            ("build_resource_group_name", self.build_resource_group_name.is_some()),
        ]);
        problems.check_exclusive(&[
            ("temp_resource_group_name", self.temp_resource_group_name.is_some()),
            ("build_resource_group_name", self.build_resource_group_name.is_some()),
        ]);
        let gallery = self.shared_image_gallery_destination.is_some();
        let managed = self.managed_image_name.is_some();
        let disk = self.storage_account.is_some();
        problems.check_exclusive(&[("managed_image_name", managed), ("storage_account", disk)]);
        if !(gallery || managed || disk || self.skip_create_image) {
            let problem = Diagnostic::error("no-result", "nothing would come of the build").field("managed_image_name");
            problems
                .push(problem.help("say `.managed_image(…)`, `.shared_image_gallery_destination(…)` or `.disk_in(…)`"));
        }
        for (one, one_set, other, other_set) in [
            (
                "custom_data",
                self.custom_data.is_some(),
                "custom_data_file",
                self.custom_data_file.is_some(),
            ),
            (
                "user_data",
                self.user_data.is_some(),
                "user_data_file",
                self.user_data_file.is_some(),
            ),
        ] {
            problems.check_exclusive(&[(one, one_set), (other, other_set)]);
        }
        if self.virtual_network_name.is_none() && self.virtual_network_subnet_name.is_some() {
            problems.error(
                "virtual_network_subnet_name",
                "missing",
                "a subnet needs `virtual_network_name`",
            );
        }
        if self.allowed_inbound_ip_addresses.len() > 1 && self.virtual_network_name.is_some() {
            problems.error(
                "allowed_inbound_ip_addresses",
                "contradiction",
                "a network that there is keeps its own rules",
            );
        }
        problems.check_word(
            "disk_caching_type",
            self.disk_caching_type.as_ref(),
            &["None", "ReadOnly", "ReadWrite", ""],
        );
        problems.check_word(
            "security_type",
            self.security_type.as_ref(),
            &["TrustedLaunch", "ConfidentialVM"],
        );
        problems.check_word(
            "disk_controller_type",
            self.disk_controller_type.as_ref(),
            &["SCSI", "NVMe"],
        );
    }
}

unwritten_source!(Arm => AzureImage, |source| Info::new(source.communication.guest()));
