//! Given and family names by where they are common. Put together at random; no real person is meant.

use super::random::Random;

/// Names of one part of the world, separated by blanks.
#[derive(Debug)]
pub(super) struct Names {
    given: &'static str,
    family: &'static str,
}

impl Names {
    /// A given and a family name.
    pub(super) fn full(&self, random: &mut Random) -> String {
        let given: Vec<&str> = self.given.split(' ').collect();
        let family: Vec<&str> = self.family.split(' ').collect();
        format!("{} {}", random.pick(&given), random.pick(&family))
    }
}

pub(super) const ARABIC: Names = Names {
    given: "Amina Farid Hanan Karim Layla Mariam Nabil Omar Rania Salma Tarek Yasmin Youssef Zeinab",
    family: "Abdallah Amrani Benali Chraibi Farouk Ghanem Haddad Idrissi Khalil Mansour Nasser Saleh Tazi Zahran",
};
pub(super) const CHINESE: Names = Names {
    given: "Bo Fang Haoran Jing Lan Mei Ming Na Qiang Rui Tao Wei Xin Yan Yifan Ziyi",
    family: "Chen Gao He Hu Huang Li Lin Liu Sun Tang Wang Wu Xu Yang Zhang Zhou",
};
pub(super) const DUTCH: Names = Names {
    given: "Anouk Bram Daan Femke Hanneke Jeroen Joost Lieke Maaike Niels Pieter Roos Sanne Tess",
    family: "Bakker Claes Dekker Hendriks Jacobs Kuipers Maes Mulder Peeters Smeets Visser Willems",
};
pub(super) const EAST_AFRICAN: Names = Names {
    given: "Achieng Baraka Faith Grace Juma Kamau Mercy Mwangi Njeri Otieno Wambui Zawadi",
    family: "Kariuki Kibet Kimani Maina Mbabazi Muthoni Mutua Njoroge Ochieng Odhiambo Okello Wanjiru",
};
pub(super) const ENGLISH: Names = Names {
    given: "Alice Andrew Beth Brian Caroline Daniel Eleanor Emily Fiona Gareth Grace Hannah Isla Jack James Joanna Kate \
            Liam Lucy Marcus Megan Nora Oliver Owen Patrick Rachel Ruth Samuel Sarah Sean Sophie Thomas",
    family: "Adams Bailey Barker Bennett Brooks Carter Clarke Cole Cooper Davies Doyle Ellis Evans Fletcher Foster \
             Gallagher Griffiths Harris Hughes Kelly Lawson Marshall Mitchell Morgan Murphy Palmer Parker Reid Russell \
             Shaw Turner Webb",
};
pub(super) const ETHIOPIAN: Names = Names {
    given: "Abebe Almaz Dawit Hirut Kebede Lidya Meron Selam Tesfaye Yonas",
    family: "Alemu Bekele Desta Girma Haile Mekonnen Negash Tadesse Tessema Worku",
};
pub(super) const FILIPINO: Names = Names {
    given: "Angelica Carlo Dalisay Emmanuel Isabel Jose Ligaya Maricel Paolo Ramon Teresita Vicente",
    family: "Aquino Bautista Castillo Dizon Evangelista Mendoza Navarro Ocampo Panganiban Salazar Tolentino Villanueva",
};
pub(super) const FINNISH: Names = Names {
    given: "Aino Eero Hanna Jukka Kaisa Lauri Mikko Päivi Sanna Tuomas",
    family: "Heikkinen Järvinen Koskinen Laine Lehtonen Mäkelä Nieminen Rantanen Salonen Virtanen",
};
pub(super) const FRENCH: Names = Names {
    given: "Aurélie Benoît Camille Chloé Clément Élise Fabien Hélène Julien Léa Mathieu Noémie Rémi Solène Théo Yves",
    family: "Bernard Blanchard Chevalier Dubois Fontaine Garnier Girard Lambert Lefèvre Marchand Mercier Morel Perrin \
             Rousseau Tremblay Vidal",
};
pub(super) const FRENCH_AFRICAN: Names = Names {
    given: "Adama Aïssatou Awa Fatou Ibrahima Jean-Baptiste Koffi Mamadou Mariama Moussa Ndèye Ousmane Rokhaya Yao",
    family: "Ba Bamba Cissé Coulibaly Diallo Diop Fall Konan Kouassi Mbarga Ndiaye Ngono Sarr Touré",
};
pub(super) const GERMAN: Names = Names {
    given: "Anke Annika Björn Claudia Felix Florian Greta Hannes Heike Jana Jonas Jürgen Katrin Lena Lukas Marlene Matthias \
            Mia Moritz Niklas Paul Petra Simon Sophia Stefan Susanne Theresa Ulrike",
    family: "Albrecht Bauer Becker Böhm Brandt Fischer Fuchs Gärtner Hartmann Hoffmann Jansen Keller Köhler Krüger Lange \
             Lorenz Meier Müller Petersen Richter Schäfer Schröder Schulz Seidel Sommer Vogel Weber Winkler",
};
pub(super) const GREEK: Names = Names {
    given: "Alexandros Christina Dimitra Eleni Giorgos Ioanna Katerina Nikos Sofia Stavros",
    family: "Alexandrou Antoniou Charalambous Dimitriou Georgiou Ioannou Konstantinou Nikolaou Theodorou Vasiliou",
};
pub(super) const INDIAN: Names = Names {
    given: "Aditi Anjali Arjun Deepa Farhan Ishaan Kavita Lakshmi Meera Nikhil Priya Rahul Ritu Sanjay Sunita Vikram",
    family: "Banerjee Chatterjee Das Deshpande Iyer Joshi Kapoor Khan Kulkarni Menon Nair Patel Rao Reddy Sharma Singh",
};
pub(super) const INDONESIAN: Names = Names {
    given: "Agus Ayu Bambang Citra Dewi Eko Fitri Hendra Indah Putri Rizky Sari",
    family: "Gunawan Halim Hidayat Kusuma Lestari Nugroho Pratama Rahayu Santoso Setiawan Wibowo Wijaya",
};
pub(super) const ITALIAN: Names = Names {
    given: "Alessia Chiara Davide Elisa Federico Francesca Giulia Lorenzo Marco Matteo Paola Valentina",
    family: "Bianchi Conti Costa Esposito Ferrari Galli Greco Lombardi Marini Moretti Ricci Romano",
};
pub(super) const JAPANESE: Names = Names {
    given: "Aiko Daichi Emi Haruka Hiroshi Kaori Kenta Mariko Naoko Satoshi Takumi Yuki",
    family: "Aoki Fujita Hayashi Inoue Kato Kobayashi Matsumoto Mori Nakamura Ogawa Sato Tanaka",
};
pub(super) const KOREAN: Names = Names {
    given: "Ha-eun Ji-ho Ji-woo Min-jun Min-seo Seo-yeon Soo-jin Sung-min Yeon-woo Yuna",
    family: "Bae Choi Han Jang Jung Kang Kim Lee Park Yoon",
};
pub(super) const NIGERIAN: Names = Names {
    given: "Adaeze Amaka Babatunde Chidi Chinwe Emeka Folake Ifeoma Kwame Ngozi Olumide Sade Tunde Yetunde",
    family: "Adebayo Adeyemi Balogun Boateng Chukwu Eze Mensah Nwosu Obi Ogunleye Okafor Okonkwo Olawale Owusu",
};
pub(super) const NORDIC: Names = Names {
    given: "Åsa Astrid Erik Freja Gustav Håkon Ida Ingrid Johan Kirsten Lars Linnéa Maja Mikkel Sigrid Søren",
    family: "Andersson Berg Bergström Dahl Hansen Holm Jensen Karlsson Larsen Lindqvist Nielsen Nygård Olsen Sandberg \
             Solberg Sørensen",
};
pub(super) const PACIFIC: Names = Names {
    given: "Ana Aroha Hemi Kahu Litia Mere Ratu Sela Tane Wiremu",
    family: "Kereama Ngata Parata Rangi Tamihana Taufa Tuilagi Vakacegu Waqa Whaanga",
};
pub(super) const POLISH: Names = Names {
    given: "Agnieszka Ewa Jakub Joanna Katarzyna Łukasz Magdalena Małgorzata Marek Piotr Tomasz Zofia",
    family: "Dudek Kaczmarek Kowalczyk Krawczyk Mazur Nowak Pawlak Sikora Walczak Wójcik Wróbel Zając",
};
pub(super) const PORTUGUESE: Names = Names {
    given: "Ana Beatriz Bruno Catarina Diogo Fernanda Gonçalo Helena Inês João Letícia Luís Mariana Otávio Rafael Thiago",
    family: "Almeida Araújo Barbosa Carvalho Cardoso Faria Gonçalves Lopes Magalhães Moreira Nogueira Pereira Ribeiro \
             Rocha Silva Tavares",
};
pub(super) const ROMANIAN: Names = Names {
    given: "Alexandra Andrei Bogdan Cristina Elena Ioana Mihai Radu Ștefan Teodora",
    family: "Constantinescu Dumitru Ionescu Marinescu Munteanu Popa Radu Rusu Stoica Vasile",
};
pub(super) const SOUTHERN_AFRICAN: Names = Names {
    given: "Annelie Bongani Johan Lerato Lindiwe Marike Naledi Nomsa Pieter Sipho Thandi Themba",
    family: "Botha Dlamini Khumalo Mokoena Molefe Naidoo Ndlovu Nkosi Sithole Venter Visagie Zulu",
};
pub(super) const SPANISH: Names = Names {
    given: "Adriana Alejandro Andrés Camila Carmen Diego Elena Gabriela Ignacio Javier Lucía María Martín Nicolás Paula \
            Rocío Sebastián Sofía Ximena",
    family: "Aguilar Álvarez Castro Delgado Fernández Gómez Guzmán Herrera Jiménez Medina Morales Núñez Ortega Peña Ramírez \
             Rojas Suárez Torres Vega",
};
pub(super) const TURKISH: Names = Names {
    given: "Ayşe Burak Can Cem Defne Elif Emre Gül İrem Kerem Mehmet Nilüfer Özge Selin Yusuf Zeynep",
    family: "Acar Arslan Aydın Çelik Demir Doğan Erdoğdu Kaya Koç Öztürk Polat Şahin Yıldız Yılmaz",
};
pub(super) const UKRAINIAN: Names = Names {
    given: "Andriy Daria Iryna Kateryna Mykola Nadiya Oksana Olena Petro Taras",
    family: "Bondarenko Hrytsenko Kovalenko Kravchuk Lysenko Marchenko Melnyk Savchenko Shevchuk Tkachenko",
};
pub(super) const VIETNAMESE: Names = Names {
    given: "Anh Bình Dũng Hà Hương Khánh Lan Linh Minh Ngọc Phương Quang Thảo Trang",
    family: "Bùi Đặng Đinh Đỗ Hoàng Huỳnh Lê Ngô Nguyễn Phạm Phan Trần Võ Vũ",
};
